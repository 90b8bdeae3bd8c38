"""fstab mounts what is not on this disk, and cannot do without it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.guest.facts.fstab import FstabEntry
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import AddMountOptions
from bootworthy.rules import devices, sources
from bootworthy.rules.conditions import has_guest, has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# systemd puts these, and what says _netdev, in remote-fs.target, whose failure does not stop the
# boot (systemd, src/basic/mountpoint-util.c, fstype_is_network).
_NETWORK = frozenset(
    (
        *("afs", "ceph", "cifs", "davfs", "gfs", "gfs2", "glusterfs", "lustre", "ncp", "ncpfs"),
        *("nfs", "nfs4", "ocfs2", "pvfs2", "smb3", "smbfs", "sshfs"),
    )
)

# Folders of the host, which Azure's hosts do not offer.
_SHARED = frozenset(("9p", "prl_fs", "vboxsf", "virtiofs", "vmhgfs", "vmhgfs-fuse"))

# Without these there is no system to go on with.
_SYSTEM = ("/", "/etc", "/usr", "/var")

_OPTIONAL = ("nofail", "noauto", "x-systemd.automount")
_OPTIONS = ("nofail", "x-systemd.device-timeout=10")


@rule(
    code="PART-12",
    name="mount-missing",
    severity=Severity.ERROR,
    why="systemd waits 90 s for the device and then drops to emergency mode: no SSH, no report.",
    when=(has_image, has_guest),
    sources=(sources.FSTAB_ERRORS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every device of fstab is on this disk, or the boot goes on without it."""
    for entry in subject.linux.fstab.entries:
        if entry.is_swap or any(entry.has(option) for option in _OPTIONAL):
            continue
        if problem := _problem(subject, entry):
            yield Violation(
                message=f"{entry.spec} for {entry.mount_point} {problem}",
                place=Place(fstab.PATH, entry.line),
                found=f"{entry.spec} {entry.mount_point} {entry.type} {','.join(entry.options)}",
                expected="a file system of this image, or the option nofail",
                fix=_fix(entry),
                severity=Severity.WARNING if _is_remote(entry) else None,
            )


def _problem(subject: Subject, entry: FstabEntry) -> str:
    kind = entry.type.removeprefix("fuse.")
    if kind in _NETWORK:
        return "comes over a network that the machine may not reach"
    if kind in _SHARED:
        return "is a folder of the old machine's host"
    if devices.presence(subject.disk, entry.spec, kind) is devices.Presence.ABSENT:
        return "is not on this disk"
    return ""


def _is_remote(entry: FstabEntry) -> bool:
    return entry.type.removeprefix("fuse.") in _NETWORK or entry.has("_netdev")


def _fix(entry: FstabEntry) -> Fix:
    if entry.mount_point in _SYSTEM:
        return by_hand(f"name the file system of {entry.mount_point} by its UUID in {fstab.PATH}")
    return Fix(
        title="let the boot go on without it (nofail)",
        steps=(AddMountOptions(lines=(entry.line,), options=_OPTIONS),),
    )
