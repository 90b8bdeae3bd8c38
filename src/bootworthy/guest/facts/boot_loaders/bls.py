"""Entries of the Boot Loader Specification: one file each, written by kernel-install or grubby.

Source: https://uapi-group.org/specifications/specs/boot_loader_specification/ (type 1). Variables
in ``options`` and ``initrd`` are an addition of Fedora's GRUB (grub-core/commands/blscfg.c).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.facts.kernels import release_order
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

DIRECTORY = "/boot/loader/entries"

# Kernels number in the tens; a directory of thousands is no boot menu.
_MAX_ENTRIES = 500
_MAX_SIZE = 64 << 10

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))", re.ASCII)

# dracut's 51-dracut-rescue.install: MACHINE_ID-0-rescue.conf.
_RESCUE = "-0-rescue"


@dataclass(frozen=True, kw_only=True)
class BlsEntry:
    """One file: ``lines`` are its keys with their 1-based line and value, in its order."""

    path: str
    lines: tuple[tuple[str, int, str], ...]

    @property
    def identifier(self) -> str:
        """The file's name without .conf, as ``saved_entry`` has it."""
        return posixpath.basename(self.path).removesuffix(".conf")

    @property
    def title(self) -> str:
        """What the menu shows."""
        return self.first("title") or self.identifier

    @property
    def version(self) -> str:
        """The kernel's release, where the entry says it."""
        return self.first("version")

    @property
    def linux(self) -> str:
        """The kernel's path as written."""
        return self.first("linux")

    @property
    def line(self) -> int:
        """Where the arguments stand, or the kernel when it gets none."""
        numbers = [line for key, line, _ in self.lines if key == "options"]
        return (numbers or [line for key, line, _ in self.lines if key == "linux"])[0]

    def first(self, wanted: str) -> str:
        """The first value of a key, empty when it is not there."""
        return next((value for key, _, value in self.lines if key == wanted), "")

    def arguments(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """The kernel's arguments, variables put in."""
        text = " ".join(value for key, _, value in self.lines if key == "options")
        return kernel_arguments.split(_expanded(text, variables))

    def initrds(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """The initramfs files as written."""
        text = " ".join(value for key, _, value in self.lines if key == "initrd")
        return tuple(_expanded(text, variables).split())


def read(tree: Tree, directory: str) -> tuple[BlsEntry, ...]:
    """The entries of a directory that start Linux, in the order of the menu: newest first."""
    return tuple(sorted(_entries(tree, directory), key=_order, reverse=True))


def _entries(tree: Tree, directory: str) -> Iterator[BlsEntry]:
    paths = tree.glob(f"{posixpath.normpath('/' + directory)}/*.conf")[:_MAX_ENTRIES]
    for path in filter(tree.is_file, paths):
        try:
            text = tree.text(path, limit=_MAX_SIZE)
        except (OSError, GuestError):
            continue
        entry = BlsEntry(path=path, lines=tuple(_lines(text)))
        if entry.linux and "\0" not in text:
            yield entry


def _lines(text: str) -> Iterator[tuple[str, int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        key, _, value = line.strip().replace("\t", " ").partition(" ")
        if key and not key.startswith("#"):
            yield key.lower(), number, value.strip()


def _order(entry: BlsEntry) -> tuple[bool, tuple[tuple[int, int, str], ...]]:
    # Without a version the file's name decides, as it does in Fedora's GRUB for all.
    return not is_rescue(entry.identifier), release_order(entry.version or entry.identifier)


def is_rescue(identifier: str) -> bool:
    """Whether an entry starts dracut's rescue image."""
    return _RESCUE in identifier


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), text)
