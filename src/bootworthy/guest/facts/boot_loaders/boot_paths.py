"""Paths as boot loaders write them, found again in the guest's tree."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bootworthy.guest.tree import Tree

_DEVICE = re.compile(r"\([^)]*\)")


def in_guest(tree: Tree, path: str) -> str:
    """The guest's path of a file that a boot loader starts, links followed.

    A boot loader's paths begin at the file system it found its own files on: at /boot when that
    is one of its own, at the top of a Btrfs file system when the root is a subvolume of it. The
    first that exists counts; when none does, /boot is put in front unless it is there.
    """
    plain = posixpath.normpath("/" + _DEVICE.sub("", path, count=1).lstrip("/"))
    for candidate in _candidates(plain):
        if tree.is_file(candidate):
            return tree.resolve(candidate)
    return plain if plain.startswith("/boot/") else f"/boot{plain}"


def _candidates(path: str) -> Iterator[str]:
    yield path
    yield f"/boot{path}"
    # /@/boot/vmlinuz, /@/.snapshots/1/snapshot/boot/vmlinuz
    before, boot, name = path.rpartition("/boot/")
    if before:
        yield boot + name


def beside(tree: Tree, configuration: str, path: str) -> str:
    """The guest's path of a file named in ``configuration``; relative ones are beside it."""
    if not path.startswith("/"):
        folder = posixpath.dirname(configuration)
        here = posixpath.normpath(posixpath.join(folder, path))
        if tree.is_file(here):
            return tree.resolve(here)
        path = here
    return in_guest(tree, path)
