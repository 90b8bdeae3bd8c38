"""The files that GRUB's configuration is made from, as the rules that look at them need them."""

from __future__ import annotations

from bootworthy.guest.boot_loaders.grub2 import DEFAULTS
from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

# Debian and Ubuntu read the second behind the first.
_FILES = (DEFAULTS, "/etc/default/grub.d/*.cfg")


def file_of(tree: Tree, name: str) -> str:
    """The file that decides a variable: the last one that sets it, else the main one."""
    paths = [path for pattern in _FILES for path in tree.glob(pattern)]
    return next((path for path in reversed(paths) if _sets(tree, path, name)), DEFAULTS)


def _sets(tree: Tree, path: str, name: str) -> bool:
    try:
        return bool(ShellFile(read_configuration(tree, path) or "", path).get(name))
    except GuestError:
        return False
