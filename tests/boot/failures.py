"""Images that fail their first boot, each broken in one way, and the rule that explains it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.boot import mutations
from tests.boot.mutations import in_root


@dataclass(frozen=True, kw_only=True)
class Failure:
    """``guest`` is broken by ``mutate``; ``codes`` are what a rehearsal names, in this order.

    ``missed`` is the first milestone that it does not reach, None where that depends on the
    machine's speed.
    """

    name: str
    guest: str
    mutate: Callable[[Path], None]
    codes: tuple[str, ...]
    missed: str | None


def _in_root(script: str) -> Callable[[Path], None]:
    def mutate(image: Path) -> None:
        in_root(image, script)

    return mutate


_GRUB = "boot/grub/grub.cfg"

# The agent alone, as `prepare --provisioning agent` configures it.
_AGENT_ONLY = """
chroot . dpkg --purge --force-depends cloud-init
rm -rf etc/cloud var/lib/cloud
sed -i 's/^Provisioning.Agent=.*/Provisioning.Agent=waagent/' etc/waagent.conf
"""

# Steps 7.2 of Microsoft's article, on lists that are indented as cloud-init has them since 23.3.
_ARTICLE_SED = r"""
sed -i 's/^ - \([a-z]\)/  - \1/' etc/cloud/cloud.cfg
sed -i '/ - mounts/d' etc/cloud/cloud.cfg
sed -i '/ - disk_setup/d' etc/cloud/cloud.cfg
sed -i '/cloud_init_modules/a\\ - mounts' etc/cloud/cloud.cfg
sed -i '/cloud_init_modules/a\\ - disk_setup' etc/cloud/cloud.cfg
"""

# Without the modules of any disk that QEMU or Azure has.
_STRIP_INITRAMFS = """
kernel=$(ls boot/vmlinuz-* | sed 's/.*vmlinuz-//')
chroot . sh -eu -c "
  unmkinitramfs /boot/initrd.img-$kernel /tmp/unpacked
  cd /tmp/unpacked
  [ ! -d main ] || cd main
  find . -name '*.ko*' | grep -E 'ata|ahci|scsi|virtio_blk|nvme|hv_storvsc' | xargs rm -f
  find . | cpio --quiet -o -H newc | gzip -1 >/boot/initrd.img-$kernel
  rm -r /tmp/unpacked
"
"""

_STATIC = """
cat >etc/network/interfaces <<END
auto lo
iface lo inet loopback
auto eth0
iface eth0 inet static
    address 192.168.7.20/24
    gateway 192.168.7.1
END
"""

FAILURES = (
    Failure(
        name="no-serial-console",
        guest="bios",
        mutate=_in_root(f"sed -i 's/ console=ttyS0//; s/ earlyprintk=ttyS0//' {_GRUB}"),
        codes=("CMD-02",),
        missed="serial",
    ),
    Failure(
        name="initramfs-without-driver",
        guest="bios",
        mutate=_in_root(_STRIP_INITRAMFS),
        codes=("INIT-01",),
        missed="initramfs",
    ),
    Failure(
        name="fstab-missing-device",
        guest="bios",
        mutate=_in_root(
            "echo 'UUID=6f6e6500-0000-4000-8000-000000000000 /srv ext4 defaults 0 2' >>etc/fstab"
        ),
        codes=("PART-12",),
        missed="login",
    ),
    Failure(
        name="no-removable-loader",
        guest="uefi",
        mutate=lambda image: mutations.remove_loader(image, mutations.ESP_OFFSET),
        codes=("PART-04",),
        missed="boot-loader",
    ),
    Failure(
        name="udf-blacklisted",
        guest="bios",
        mutate=_in_root(_AGENT_ONLY + "echo 'install udf /bin/true' >etc/modprobe.d/CIS.conf"),
        codes=("KERN-04",),
        missed="data-source",
    ),
    Failure(
        name="static-network",
        guest="bios",
        mutate=_in_root(_STATIC),
        codes=("NET-01",),
        missed="login",
    ),
    Failure(
        name="cloud-init-disabled",
        guest="bios",
        mutate=_in_root("touch etc/cloud/cloud-init.disabled"),
        codes=("CI-03",),
        missed="data-source",
    ),
    Failure(
        name="other-data-source",
        guest="bios",
        mutate=_in_root(
            "echo 'datasource_list: [ NoCloud ]' >etc/cloud/cloud.cfg.d/95_datasource.cfg"
        ),
        codes=("CI-04",),
        missed="data-source",
    ),
    Failure(
        name="modules-broken-by-the-article",
        guest="bios",
        mutate=_in_root(_ARTICLE_SED),
        codes=("CI-07",),
        missed="login",
    ),
    Failure(
        name="no-host-keys",
        guest="bios",
        mutate=_in_root(
            _AGENT_ONLY + "sed -i 's/^Provisioning.RegenerateSshHostKeyPair=.*/"
            "Provisioning.RegenerateSshHostKeyPair=n/' etc/waagent.conf\n"
            "rm -f etc/systemd/system/ssh-host-keys.service "
            "etc/systemd/system/*.wants/ssh-host-keys.service etc/ssh/ssh_host_*"
        ),
        codes=("SEC-02",),
        missed=None,
    ),
    Failure(
        name="shell-instead-of-init",
        guest="bios",
        mutate=_in_root(f"sed -i '/^\\s*linux/s,$, init=/bin/sh,' {_GRUB}"),
        codes=("CMD-16",),
        missed="initramfs",
    ),
    Failure(
        name="no-initramfs",
        guest="bios",
        mutate=_in_root(f"sed -i '/^\\s*initrd/d' {_GRUB}"),
        codes=("KERN-19",),
        missed="initramfs",
    ),
    Failure(
        name="kernel-panic",
        guest="bios",
        mutate=_in_root("printf '#!/bin/false\\n' >usr/lib/systemd/systemd"),
        codes=("BT-07",),
        missed="initramfs",
    ),
    Failure(
        name="waits-for-cloud-init",
        guest="bios",
        mutate=_in_root(
            _AGENT_ONLY
            + "sed -i 's/^Provisioning.Agent=.*/Provisioning.Agent=cloud-init/' etc/waagent.conf"
        ),
        codes=("AGT-09",),
        missed="data-source",
    ),
    Failure(
        name="not-deprovisioned",
        guest="bios",
        mutate=_in_root(
            _AGENT_ONLY + "echo 5c2dd4b2-7e0c-4d2b-8a55-4b8f4f0c1a11 >var/lib/waagent/provisioned"
        ),
        codes=("AGT-19",),
        missed="login",
    ),
    Failure(
        name="root-full",
        guest="bios",
        mutate=_in_root(
            "dd if=/dev/zero of=var/filler bs=1M status=none 2>/dev/null || :\n"
            "dd if=/dev/zero of=var/filler2 bs=4k status=none 2>/dev/null || :"
        ),
        codes=("BT-18",),
        missed="data-source",
    ),
    Failure(
        name="login-refused",
        guest="bios",
        mutate=_in_root("echo 'AllowUsers root' >etc/ssh/sshd_config.d/50-hardening.conf"),
        codes=("SEC-23",),
        missed="login",
    ),
)

BY_NAME = {failure.name: failure for failure in FAILURES}
