"""What a failing boot says on its serial console, and which rules explain it.

Patterns of boots that end come from LISA (lisa/features/serial_console.py), Microsoft's articles on
machines that do not boot, and what the programs themselves print; see each group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from bootworthy.model.intent import Generation
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.evidence import one_line


class Weight(Enum):
    """How much a sign says."""

    ENDS = "ends"
    """Nothing more will come: the rehearsal stops a few seconds later."""
    EXPLAINS = "explains"
    """Many machines say it and live on; it counts once something else failed."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A pattern and the codes that explain it, the likeliest first.

    ``generation`` limits it to one kind of machine.
    """

    name: str
    pattern: re.Pattern[str]
    codes: tuple[str, ...]
    weight: Weight = Weight.ENDS
    generation: Generation | None = None


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A sign on the console: ``saw`` is the line, ``at`` seconds since power-on."""

    sign: Sign
    saw: str
    at: float
    place: int


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


# SeaBIOS src/boot.c; EDK2 MdeModulePkg BdsEntry.c and BmBoot.c; master boot records of syslinux
# and of DOS.
_FIRMWARE = (
    Sign(
        name="the firmware has nothing to boot",
        pattern=_re(r"No bootable device|not a bootable disk|(?:No|Missing) operating system"),
        codes=("PART-02", "PART-01"),
        generation=Generation.BIOS,
    ),
    Sign(
        name="Secure Boot refuses the boot loader",
        pattern=_re(
            r"Secure Boot Violation|bad shim signature|Verification failed: \(0x1A\)|"
            r"BdsDxe: failed to load Boot0\w+ .*: Access Denied"
        ),
        codes=("BT-17",),
    ),
    Sign(
        name="the firmware finds no boot loader at the removable path",
        pattern=_re(
            r"BdsDxe: No bootable option or device was found|\"EFI Internal Shell\"|"
            r"UEFI Interactive Shell|>>Start (?:PXE|HTTP)"
        ),
        codes=("PART-04", "PART-03", "PART-01"),
        generation=Generation.UEFI,
    ),
)

# GRUB 2: kern/rescue_reader.c, normal/main.c, kern/dl.c, kern/fs.c, loader/i386/linux.c.
_BOOT_LOADER = (
    Sign(
        name="GRUB does not find its files",
        pattern=_re(r"^grub rescue> |error: no such device: |/normal\.mod' not found"),
        codes=("PART-02", "PART-04"),
    ),
    Sign(
        name="GRUB does not find its configuration",
        pattern=_re(r"^grub> "),
        codes=("PART-02", "CMD-09"),
    ),
    Sign(
        name="GRUB does not find the kernel",
        pattern=_re(r"^error: file `/\S*vmlinuz\S*' not found|you need to load the kernel first"),
        codes=("KERN-19", "CMD-09"),
    ),
)

# Linux: init/do_mounts.c, init/main.c, kernel/panic.c, lib/decompress*.c; glibc: sysdeps/x86.
_KERNEL = (
    Sign(
        name="the processor is too old for the distribution",
        pattern=_re(r"Fatal glibc error: CPU does not support|CPU ISA level is lower than"),
        codes=("BT-24",),
    ),
    Sign(
        name="the kernel starts a shell instead of init",
        pattern=_re(
            r"Run /bin/(?:ba|da)?sh as init process|"
            r"^(?:/bin/)?(?:ba|da)?sh: (?:\d+: )?(?:can't access tty|"
            r"cannot set terminal process group)"
        ),
        codes=("CMD-16",),
    ),
    Sign(
        name="the kernel has no root file system",
        pattern=_re(r"VFS: Unable to mount root fs|VFS: Cannot open root device"),
        codes=("INIT-07", "KERN-19", "PART-19", "INIT-01", "BT-07"),
    ),
    Sign(
        name="the kernel panicked",
        pattern=_re(r"Kernel panic - not syncing"),
        codes=("BT-07",),
    ),
    Sign(
        name="the kernel or the firmware hit a bug",
        pattern=_re(
            r"BUG: (?:kernel NULL pointer|unable to handle)|general protection fault|"
            r"Synchronous Exception at"
        ),
        codes=("BT-07",),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="the kernel hangs",
        pattern=_re(
            r"watchdog: BUG: soft lockup - CPU#\d+ stuck for [5-9]\d\ds|"
            r"Watchdog detected hard LOCKUP"
        ),
        codes=("BT-08",),
    ),
)

# initramfs-tools: scripts/functions, scripts/local; dracut: modules.d/98dracut-systemd,
# 99base/dracut-lib.sh; systemd: src/core/emergency, src/sulogin-shell.
_EARLY_USERSPACE = (
    Sign(
        name="the initramfs does not find the root device",
        pattern=_re(
            r"ALERT!\s+\S+ does not exist|Gave up waiting for root|^\(initramfs\) |"
            r"dracut-initqueue\S* timeout|Warning: /dev/disk/by-\S+ does not exist|^dracut:/# |"
            # Tried once a second: a disk that is not there after so many never comes.
            r"(?:Begin: Running /scripts/local-block \.\.\. done\.\s*){20}"
        ),
        codes=("INIT-01", "PART-19", "INIT-07", "CMD-17"),
    ),
    Sign(
        name="the file system check failed",
        pattern=_re(
            r"File system check of the root filesystem failed|"
            r"UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY"
        ),
        codes=("VHD-18",),
    ),
)

_USERSPACE = (
    Sign(
        name="vfat cannot be mounted",
        pattern=_re(r"unknown filesystem type 'vfat'"),
        codes=("KERN-04", "KERN-05"),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="the disk is full",
        pattern=_re(r"No space left on device"),
        codes=("BT-18",),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="a mount of /etc/fstab failed",
        pattern=_re(
            r"Timed out waiting for device (?!.*(?:ttyS|hvc|ttyAMA))|"
            r"Dependency failed for (?!.*(?:[Ss]wap|ttyS))[^\n]*(?:/|File System)|"
            r"Failed to mount [^\n]*/|mount: [^\n]*(?:special device|can't find)"
        ),
        codes=("PART-12", "PART-11", "PART-13"),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="systemd gave up in emergency mode",
        pattern=_re(
            r"You are in (?:emergency|rescue) mode|Give root password for maintenance|"
            r"Entering emergency mode|Cannot open access to console, the root account is locked"
        ),
        codes=("PART-12", "PART-13", "CMD-16", "BT-08"),
    ),
    Sign(
        name="units wait for each other",
        pattern=_re(r"Found ordering cycle on |deleted to break ordering cycle"),
        codes=("BT-12",),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="the SSH server does not start",
        pattern=_re(
            r"sshd: no hostkeys available|"
            # systemd cuts names to the width of the console.
            r"Failed to start (?:sshd?\.serv\S*|OpenBSD Secure Shell|OpenSSH)"
        ),
        codes=("SEC-02", "SEC-01"),
        weight=Weight.EXPLAINS,
    ),
)

# cloud-init: sources/azure/errors.py, sources/DataSourceAzure.py, config/modules.py, stages.py;
# WALinuxAgent: daemon/main.py, pa/provision, pa/rdma, common/osutil.
_PROVISIONING = (
    Sign(
        name="cloud-init found no data source",
        pattern=_re(
            r"finished at .*Datasource DataSourceNone|Used fallback datasource|"
            r"No instance datasource found"
        ),
        codes=("CI-04",),
    ),
    Sign(
        name="cloud-init uses another data source than Azure",
        pattern=_re(r"finished at .*Datasource DataSource(?!Azure|None)\w+"),
        codes=("CI-04",),
    ),
    Sign(
        name="the provisioning medium cannot be read",
        pattern=_re(
            r"unknown filesystem type 'udf'|Failed to mount dvd|Mounting dvd failed|"
            r"request_module fs-udf succeeded, but still no fs|"
            r"Unable to find provisioning media|\[ProtocolError\] .*ovf-env|"
            r"unexpected metadata parsing ovf-env\.xml"
        ),
        codes=("KERN-04", "KERN-06", "KERN-07"),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="the agent gave up",
        pattern=_re(r"ERROR \S+ (?:\S+ )?Provisioning failed: "),
        codes=("BT-09",),
    ),
    Sign(
        name="the agent crashes and begins again",
        pattern=_re(r"Daemon ended with exception -- Sleep \d+ seconds and restart"),
        codes=("AGT-26", "AGT-08", "AGT-07"),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="the agent believes that it has provisioned already",
        pattern=_re(r"Provisioning already completed, skipping"),
        codes=("AGT-19",),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="the agent finds no host key",
        pattern=_re(r"Giving up, ssh host key was not found|Failed to generate ssh host key"),
        codes=("SEC-02", "SEC-01"),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="cloud-init cannot get an address",
        pattern=_re(r"failure to (?:find|obtain) (?:primary )?DHCP|Could not acquire DHCP lease"),
        codes=("NET-01", "KERN-01"),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="cloud-init's configuration is broken",
        pattern=_re(r"[Ff]ailed (?:at merging in cloud config|loading yaml|to load cloud config)"),
        codes=("CI-09",),
        weight=Weight.EXPLAINS,
    ),
    Sign(
        name="the agent waits for cloud-init",
        pattern=_re(
            r"Waiting for cloud-init to copy ovf-env\.xml|"
            r"cloud-init does not appear to be (?:enabled|running)"
        ),
        codes=("AGT-09", "CI-03", "CI-02", "CMD-18"),
        weight=Weight.EXPLAINS,
    ),
)

SIGNS = (
    *_FIRMWARE,
    *_BOOT_LOADER,
    *_KERNEL,
    *_EARLY_USERSPACE,
    *_USERSPACE,
    *_PROVISIONING,
)
"""Every sign, from power-on to provisioning; of two, the one that says more comes first."""


def sightings(console: Console, generation: Generation, start: int = 0) -> Iterator[Sighting]:
    """The signs in the console's text from ``start`` on, in the order of ``SIGNS``."""
    for sign in SIGNS:
        if sign.generation not in (None, generation):
            continue
        found = sign.pattern.search(console.text, start)
        if found:
            yield Sighting(
                sign=sign,
                saw=one_line(console.line_at(found.start()) or found.group()),
                at=console.time_of(found.start()),
                place=found.start(),
            )


def ending(found: Iterable[Sighting]) -> Sighting | None:
    """The first sign after which nothing more comes."""
    return next((item for item in found if item.sign.weight is Weight.ENDS), None)
