"""The root cannot be written, and what provisioning writes has no place of its own."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.command_line.entries import place_of
from bootworthy.rules.conditions import generalized, with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# systemd-veritysetup-generator(8); a verified /usr alone leaves the root writable.
_VERIFIED = ("roothash=", "systemd.verity_root_")

# systemd-volatile-root.service(8): the root, or /var, is in memory then.
_IN_MEMORY = "systemd.volatile="

# Accounts and keys, the state of cloud-init and of the agent.
_WRITTEN = ("/etc", "/var")


@rule(
    code="PART-26",
    name="root-read-only",
    severity=Severity.WARNING,
    why="cloud-init and the agent write accounts, keys and state into /etc and /var.",
    when=(generalized, with_kernels),
    sources=(
        "https://github.com/microsoft/azure-linux-image-tools",
        "https://www.freedesktop.org/software/systemd/man/systemd-veritysetup-generator.html",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """With a verified or read-only root, /etc and /var are file systems that can be written."""
    guest = subject.linux
    reason = _reason(guest)
    if reason is None:
        return
    writable = {entry.mount_point for entry in guest.fstab.entries if "ro" not in entry.options}
    if missing := [path for path in _WRITTEN if path not in writable]:
        place, found = reason
        yield Violation(
            message=f"the root is read-only, and nothing to be written is mounted at "
            f"{' and '.join(missing)}",
            place=place,
            found=found,
            expected="file systems or overlays of their own for /etc and /var",
            fix=by_hand("mount overlays there, and switch off what would write elsewhere"),
        )


def _reason(guest: Guest) -> tuple[Place, str] | None:
    """What makes the root read-only, and where that is said."""
    for entry in guest.boot_loader.entries:
        if any(word.startswith(_IN_MEMORY) for word in entry.arguments):
            continue
        for word in entry.arguments:
            if word.startswith(_VERIFIED):
                return place_of(entry), word
    for mount in guest.fstab.entries:
        if mount.mount_point == "/" and "ro" in mount.options:
            return Place("/etc/fstab", mount.line), ",".join(mount.options)
    return None
