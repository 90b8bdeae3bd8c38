"""Init scripts enabled and disabled by their links: run levels of System V and of OpenRC."""

from __future__ import annotations

from bootworthy.guest.tree import WritableTree
from bootworthy.model.errors import GuestError

# Levels in which a script starts, and those in which it ends (insserv(8), LSB 20.5). Order among
# scripts comes from their headers wherever systemd or insserv runs them, so 01 will do.
_START_LEVELS = "2345"
_STOP_LEVELS = "016"

_OPENRC_LEVEL = "/etc/runlevels/default"


def enable(tree: WritableTree, script: str) -> tuple[str, ...]:
    """Have /etc/init.d/SCRIPT started at boot; returns the links made or removed.

    Raises:
        GuestError: ``unit-missing``, when the guest has no such script.
    """
    if "/" in script or not tree.is_file(f"/etc/init.d/{script}"):
        raise GuestError(
            "unit-missing",
            f"the guest has no unit and no init script called {script}",
            hint="install the package that brings it",
        )
    if tree.is_dir("/etc/runlevels"):
        present = tree.is_link(f"{_OPENRC_LEVEL}/{script}")
        return () if present else (_link(tree, f"{_OPENRC_LEVEL}/{script}", script),)
    changed: list[str] = []
    for level in _START_LEVELS:
        changed += _have(tree, script, level, kind="S")
    for level in _STOP_LEVELS:
        if not _links(tree, script, level, "[SK]"):
            changed += _have(tree, script, level, kind="K")
    return tuple(changed)


def disable(tree: WritableTree, script: str) -> tuple[str, ...]:
    """Do not have /etc/init.d/SCRIPT started at boot; returns the links made or removed."""
    if "/" in script or not tree.is_file(f"/etc/init.d/{script}"):
        return ()
    openrc = tree.glob(f"/etc/runlevels/*/{script}")
    for path in openrc:
        tree.remove(path)
    changed: list[str] = [*openrc]
    for level in _START_LEVELS:
        if _links(tree, script, level, "S"):
            changed += _have(tree, script, level, kind="K")
    return tuple(changed)


def _have(tree: WritableTree, script: str, level: str, *, kind: str) -> list[str]:
    """Have a link of one kind in a level and none of the other."""
    wrong = _links(tree, script, level, "SK".replace(kind, ""))
    for path in wrong:
        tree.remove(path)
    if _links(tree, script, level, kind):
        return wrong
    return [*wrong, _link(tree, f"/etc/rc{level}.d/{kind}01{script}", script)]


def _link(tree: WritableTree, path: str, script: str) -> str:
    target = f"/etc/init.d/{script}" if path.startswith(_OPENRC_LEVEL) else f"../init.d/{script}"
    tree.symlink(target, path)
    return path


def _links(tree: WritableTree, script: str, level: str, kind: str) -> list[str]:
    directory = f"/etc/rc{level}.d/"
    length = len(directory) + 3
    return [p for p in tree.glob(f"{directory}{kind}[0-9][0-9]*") if p[length:] == script]
