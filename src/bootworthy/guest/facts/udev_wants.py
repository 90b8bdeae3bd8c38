"""Units that udev has systemd start when a device appears (systemd.device(5), SYSTEMD_WANTS)."""

from __future__ import annotations

import posixpath
import re

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

# udev(7), RULES FILES: a file hides those of its name in the directories behind its own.
_DIRECTORIES = (
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
)
_WANTS = re.compile(r'ENV\{SYSTEMD_WANTS\}\s*\+?=\s*"([^"]*)"')


def read(tree: Tree) -> frozenset[str]:
    """The names of those units, as the rules spell them."""
    files: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for path in tree.glob(posixpath.join(directory, "*.rules")):
            files.setdefault(posixpath.basename(path), path)
    return frozenset(name for path in files.values() for name in _units(tree, path))


def _units(tree: Tree, path: str) -> list[str]:
    try:
        text = read_configuration(tree, path) or ""
    except GuestError:
        return []  # udev passes over what is not text
    lines = (line for line in text.split("\n") if not line.lstrip().startswith("#"))
    return [unit for line in lines for names in _WANTS.findall(line) for unit in names.split()]
