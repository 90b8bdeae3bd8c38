"""Unified kernel images: kernel, initramfs and command line as sections of one EFI program.

Source: https://uapi-group.org/specifications/specs/unified_kernel_image/ and Microsoft PE Format.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.facts.boot_loaders.entries import BootEntry, EntryFormat
from bootworthy.guest.tree import Tree

# Microsoft PE Format: the header and the section table lie within the first page or two.
_HEADER_LIMIT = 8192
_MAX_SECTIONS = 96
_SECTION = struct.Struct("<8sIIII")
_MAX_TEXT = 64 << 10
_MAX_IMAGES = 100

ReadAt = Callable[[int, int], bytes]
"""Gives bytes of a file by count and offset."""


@dataclass(frozen=True)
class Section:
    """Where a section lies in the file, in bytes."""

    start: int
    size: int


def sections(read: ReadAt) -> dict[str, Section]:
    """The sections of a PE file by name; none when it is not one."""
    data = read(_HEADER_LIMIT, 0)
    if len(data) < 64 or data[:2] != b"MZ":  # noqa: PLR2004 - the DOS header's size
        return {}
    (start,) = struct.unpack_from("<I", data, 0x3C)
    if start + 24 > len(data) or data[start : start + 4] != b"PE\0\0":
        return {}
    count, optional = (struct.unpack_from("<H", data, start + at)[0] for at in (6, 20))
    table = start + 24 + optional
    found: dict[str, Section] = {}
    for at in range(table, table + 40 * min(count, _MAX_SECTIONS), 40):
        if at + 40 > len(data):
            break
        name, virtual, _, raw, pointer = _SECTION.unpack_from(data, at)
        # The file may be padded to its alignment: what is loaded is the smaller of the two.
        size = min(virtual, raw) or raw
        found.setdefault(name.rstrip(b"\0").decode("ascii", "replace"), Section(pointer, size))
    return found


def read(tree: Tree, directory: str) -> Iterator[BootEntry]:
    """An entry for every unified image of a directory, the last by name first."""
    paths = sorted(tree.glob(f"{directory}/*.[eE][fF][iI]"), reverse=True)
    for path in filter(tree.is_file, paths[:_MAX_IMAGES]):
        real = tree.resolve(path)
        if entry := _entry(tree, real):
            yield entry


def _entry(tree: Tree, path: str) -> BootEntry | None:
    def at(count: int, offset: int) -> bytes:
        return tree.pread_at(path, count, offset)

    found = sections(at)
    if ".linux" not in found:
        return None
    texts = {name: _text(at, found.get(name)) for name in (".cmdline", ".uname", ".osrel")}
    return BootEntry(
        title=_title(texts[".osrel"]) or path.rpartition("/")[2],
        kernel=path,
        initrds=(path,) if ".initrd" in found else (),
        arguments=kernel_arguments.split(texts[".cmdline"]),
        path=path,
        line=1,
        release=texts[".uname"].strip(),
        form=EntryFormat.UNIFIED,
    )


def _text(read_at: ReadAt, section: Section | None) -> str:
    if section is None:
        return ""
    data = read_at(min(section.size, _MAX_TEXT), section.start)
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")


def _title(os_release: str) -> str:
    fields = (line.partition("=") for line in os_release.splitlines())
    return next((value.strip("\"' ") for key, _, value in fields if key == "PRETTY_NAME"), "")
