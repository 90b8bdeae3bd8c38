"""The Python that runs the agent."""

from __future__ import annotations

import re

from bootworthy.guest.guest import Guest

_FOLDERS = ("/usr/bin", "/bin", "/usr/local/bin", "/usr/libexec")
_NAME = re.compile(r"python([0-9]{1,3})(?:\.([0-9]{1,3}))?")


def find(guest: Guest) -> str | None:
    """The real path of the interpreter that the agent's first line names, None when missing."""
    name = guest.agent.interpreter or ""
    paths = [name] if name.startswith("/") else [f"{folder}/{name}" for folder in _FOLDERS]
    return next((guest.tree.resolve(path) for path in paths if guest.tree.is_file(path)), None)


def version(path: str) -> tuple[int, ...]:
    """Major and, if it says so, minor version in an interpreter's name; empty when it has none."""
    match = _NAME.search(path.rpartition("/")[2])
    return tuple(int(part) for part in match.groups() if part) if match else ()
