"""The files of udev's rules that are in force: udev(7), RULES FILES."""

from __future__ import annotations

import posixpath

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

# A file hides those of its name in the directories behind it; /lib may be a link to /usr/lib.
DIRECTORIES = (
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
)

# The largest guests have some two hundred.
_MAX_FILES = 2000


def paths(tree: Tree) -> tuple[str, ...]:
    """The files that are read, in the order they are read; a link to /dev/null is none."""
    found: dict[str, str] = {}
    for directory in DIRECTORIES:
        for name in tree.names(directory)[:_MAX_FILES]:
            if name.endswith(".rules"):
                found.setdefault(name, posixpath.join(directory, name))
    return tuple(found[name] for name in sorted(found) if tree.is_file(found[name]))


def has(tree: Tree, name: str) -> bool:
    """Whether a file of this name is in force."""
    return any(posixpath.basename(path) == name for path in paths(tree))


def lines(tree: Tree, path: str) -> tuple[str, ...]:
    """The rules of one file, lines that end in a backslash joined; none when it is not text."""
    try:
        text = read_configuration(tree, path) or ""
    except GuestError:
        return ()
    joined = text.replace("\\\n", " ")
    stripped = (line.strip() for line in joined.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("#"))
