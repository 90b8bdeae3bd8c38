"""Have boot entries load the initramfs of their kernel."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from bootworthy.guest.editors import initrd_lines
from bootworthy.guest.editors.initrd_lines import ImageOf
from bootworthy.guest.facts.boot_loader import BootEntry, BootLoader, EntryFormat
from bootworthy.guest.tree import WritableTree

_EDITORS: dict[EntryFormat, Callable[[str, ImageOf], str]] = {
    EntryFormat.GRUB_SCRIPT: initrd_lines.into_grub_script,
    EntryFormat.BOOT_LOADER_SPECIFICATION: initrd_lines.into_specification,
    EntryFormat.EXTLINUX: initrd_lines.into_extlinux,
    EntryFormat.GRUB_LEGACY: initrd_lines.into_grub_legacy,
}


def load(tree: WritableTree, loader: BootLoader, images: Mapping[str, str]) -> None:
    """Add the line to entries without one that start a kernel of ``images``.

    These map a kernel's path in the guest to that of its initramfs. Both have to be in one
    directory: what else the boot loader would call it is not known.
    """
    lacking = [entry for entry in loader.entries if not entry.initrds and entry.kernel in images]
    for path, form in dict.fromkeys((entry.path, entry.form) for entry in lacking):
        edit = _EDITORS.get(form)
        if edit is None:
            continue
        here = [entry for entry in lacking if entry.path == path]
        old = tree.text(path)
        new = edit(old, _namer(here, images))
        if new != old:
            tree.write_text(path, new)


def _namer(entries: list[BootEntry], images: Mapping[str, str]) -> ImageOf:
    """How the boot loader would call the initramfs beside the kernel that it calls so and so."""
    kernels = {posixpath.basename(entry.kernel): entry.kernel for entry in entries}

    def image_of(written: str) -> str | None:
        folder, slash, name = written.rpartition("/")
        kernel = kernels.get(name)
        if kernel is None or posixpath.dirname(kernel) != posixpath.dirname(images[kernel]):
            return None
        return f"{folder}{slash}{posixpath.basename(images[kernel])}"

    return image_of
