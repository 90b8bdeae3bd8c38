"""/usr is a file system of its own that the initramfs would not mount."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.guest.facts.fstab import FstabEntry
from bootworthy.guest.facts.initramfs import Initramfs
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# dracut's modules.d/98usrmount, and systemd's own way of doing the same in an initramfs.
_DRACUT = ("50-mount-usr.sh", "systemd-fstab-generator")

# dracut.cmdline(7): where one is named, no other volume is activated.
_VOLUME = "rd.lvm.lv"


@rule(
    code="PART-21",
    name="usr-not-mounted-early",
    severity=Severity.WARNING,
    why="systemd itself is in /usr: without it the machine stops before its first service.",
    when=(with_entries,),
    sources=(
        "https://man7.org/linux/man-pages/man7/dracut.cmdline.7.html",
        "https://systemd.io/SEPARATE_USR_IS_BROKEN/",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where fstab has /usr, dracut's initramfs mounts it, and its logical volume is activated."""
    guest = subject.linux
    for mount in (entry for entry in guest.fstab.entries if entry.mount_point == "/usr"):
        yield from _unprepared(guest, mount)
        if entries := [e for e in guest.boot_loader.entries if _leaves_out(e, mount.spec)]:
            yield violation(
                entries,
                f"the volume of /usr, {mount.spec}, is not activated in the initramfs",
                expected=f"{_VOLUME}= of {mount.spec} as well",
                fix=by_hand(f"add {_VOLUME}=GROUP/VOLUME of {mount.spec} to the command line"),
            )


def _unprepared(guest: Guest, mount: FstabEntry) -> Iterator[Violation]:
    for kernel in guest.bootable_kernels:
        if kernel.initramfs is None:
            continue
        inside = guest.initramfs(kernel.initramfs)
        if inside.generator == "dracut" and not inside.problem and not _mounts_usr(inside):
            yield Violation(
                message=f"the initramfs of kernel {kernel.release} does not mount /usr",
                place=Place(kernel.initramfs),
                found=f"/usr on {mount.spec}, and neither of {', '.join(_DRACUT)}",
                expected="dracut's module usrmount",
                fix=by_hand("rebuild it with dracut --add usrmount, or move /usr into the root"),
            )


def _mounts_usr(inside: Initramfs) -> bool:
    return any(name.endswith(_DRACUT) for name in inside.names)


def _leaves_out(entry: BootEntry, device: str) -> bool:
    volumes = entry.values(_VOLUME)
    return bool(volumes) and _is_volume(device) and device not in set(_devices(volumes))


def _is_volume(device: str) -> bool:
    parts = device.split("/")
    return device.startswith("/dev/mapper/") or (len(parts) == 4 and parts[2] != "disk")  # noqa: PLR2004 - /dev/GROUP/VOLUME


def _devices(volumes: tuple[str, ...]) -> Iterator[str]:
    for volume in volumes:
        group, _, name = volume.partition("/")
        yield f"/dev/{group}/{name}"
        yield f"/dev/mapper/{group.replace('-', '--')}-{name.replace('-', '--')}"
