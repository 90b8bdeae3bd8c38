"""What has to be whole in a guest before anything in it is edited."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.guest.guest import Guest
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import GuestError

_REPAIR = "restore that file in the guest from a backup or from its package"

# What is read leniently elsewhere, as missing where it cannot be reached, and decides too much to
# be taken for missing: which file systems belong where, how the kernel is started, who gets in.
_NEEDED = (
    ("/etc/default/grub", Kind.FILE),
    ("/etc/fstab", Kind.FILE),
    ("/etc/passwd", Kind.FILE),
    ("/etc/ssh", Kind.DIRECTORY),
    ("/etc/ssh/sshd_config", Kind.FILE),
    ("/etc/systemd/system", Kind.DIRECTORY),
    ("/var/lib/dpkg/status", Kind.FILE),
)


def problems(guest: Guest) -> Iterator[GuestError]:
    """Why the guest must not be edited as it is, one thing at a time."""
    for path, kind in _NEEDED:
        if reason := _wrong(guest.tree, path, kind):
            text = f"{path} in the guest {reason}"
            yield GuestError("guest-path-broken", text, hint=_REPAIR)
    if guest.packages.manager and guest.packages.problem:
        yield GuestError("guest-packages-corrupt", guest.packages.problem, hint=_REPAIR)
    if (table := guest.fstab).bad and not table.entries:
        text = f"no line of {fstab.PATH} in the guest is an entry: {table.bad[0].problem}"
        yield GuestError("guest-file-corrupt", text, hint=_REPAIR)


def require_sound(guest: Guest) -> None:
    """Refuse to edit a guest that is broken where it decides what is edited.

    Raises:
        GuestError: with the first problem.
    """
    for problem in problems(guest):
        raise problem


def _wrong(tree: Tree, path: str, expected: Kind) -> str:
    """Why a path is not of the kind expected; empty when it is, or when nothing has that name."""
    try:
        kind = tree.status(path).kind
    except FileNotFoundError:
        if not tree.is_link(path):
            return ""
        return f"is a link to {tree.readlink(path)}, which is not there"
    except NotADirectoryError:
        return ""  # told of the directory itself
    except OSError as error:
        return f"cannot be reached: {error.strerror}"
    return "" if kind is expected else f"is no {expected.value}"
