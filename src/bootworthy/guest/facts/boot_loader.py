"""What the boot loader will really start: entries with their command lines."""

from __future__ import annotations

from collections.abc import Callable

from bootworthy.guest.facts.boot_loaders import grub2
from bootworthy.guest.facts.boot_loaders.entries import BootEntry, BootLoader, LoaderKind
from bootworthy.guest.tree import Tree

__all__ = ["BootEntry", "BootLoader", "LoaderKind", "read"]

# Asked in this order; the first that finds its configuration is the loader of the guest.
_LOADERS: tuple[Callable[[Tree], BootLoader | None], ...] = (grub2.read,)


def read(tree: Tree) -> BootLoader:
    """The boot loader of the guest."""
    found = (loader(tree) for loader in _LOADERS)
    none = BootLoader(kind=LoaderKind.NONE, path="", problem="no boot loader configuration found")
    return next((loader for loader in found if loader is not None), none)
