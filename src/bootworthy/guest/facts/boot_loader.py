"""What the boot loader will really start: entries with their command lines."""

from __future__ import annotations

from collections.abc import Callable

from bootworthy.guest.facts.boot_loaders import extlinux, grub2, grub_legacy, systemd_boot
from bootworthy.guest.facts.boot_loaders.entries import (
    BootEntry,
    BootLoader,
    EntryFormat,
    LoaderKind,
)
from bootworthy.guest.tree import Tree

__all__ = ["BootEntry", "BootLoader", "EntryFormat", "LoaderKind", "read"]

# The first of these with an entry is the loader of the guest; a machine that changed its loader
# may still have the configuration of the other, without entries or without kernels.
_LOADERS: tuple[Callable[[Tree], BootLoader | None], ...] = (
    grub2.read,
    systemd_boot.read,
    extlinux.read,
    grub_legacy.read,
)


def read(tree: Tree, *, starts_systemd_boot: bool = False) -> BootLoader:
    """The boot loader of the guest; ``starts_systemd_boot`` says what its firmware starts."""
    found = []
    for loader in (systemd_boot.read, *_LOADERS) if starts_systemd_boot else _LOADERS:
        if (configured := loader(tree)) is None:
            continue
        if configured.entries:
            return configured
        found.append(configured)
    none = BootLoader(kind=LoaderKind.NONE, path="", problem="no boot loader configuration found")
    return found[0] if found else none
