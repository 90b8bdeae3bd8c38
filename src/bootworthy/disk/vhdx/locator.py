"""Which disk a differencing VHDX lies over, and where that may be.

Source: [MS-VHDX] 2.6.2.6, "Parent Locator".
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootworthy.disk.parents import text_of
from bootworthy.disk.vhdx.header import unsupported

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

# Type, reserved, number of pairs.
_LOCATOR = struct.Struct("<16s2xH")
# Offsets of key and value from the start of the item, and their lengths in bytes.
_PAIR = struct.Struct("<IIHH")
_TYPE = uuid.UUID("b04aefb7-d19e-4a81-b789-25b8e9445913")

# Windows writes five pairs.
_MAX_PAIRS = 64

# The second is there while Windows merges disks; either may be right then.
_LINKAGES = ("parent_linkage", "parent_linkage2")
_PATHS = ("relative_path", "volume_path", "absolute_win32_path")


@dataclass(frozen=True, kw_only=True)
class Locator:
    """``ids`` are those the parent may have, ``names`` its paths, the relative one first."""

    ids: tuple[uuid.UUID, ...]
    names: tuple[str, ...]


def parse(file: HostFile, item: bytes) -> Locator:
    """Read the locator in ``item`` of the metadata of ``file``.

    Raises:
        ImageError: ``image-corrupt``; ``image-format-unsupported`` for a locator of another type.
    """
    if len(item) < _LOCATOR.size:
        file.corrupt("its parent locator is too short")
    kind, count = _LOCATOR.unpack_from(item)
    if uuid.UUID(bytes_le=kind) != _TYPE:
        unsupported(file, f"a VHDX with a parent locator of type {uuid.UUID(bytes_le=kind)}")
    if count > _MAX_PAIRS or _LOCATOR.size + count * _PAIR.size > len(item):
        file.corrupt(f"its parent locator would have {count} entries")
    pairs = dict(_pair(file, item, _LOCATOR.size + number * _PAIR.size) for number in range(count))
    ids = tuple(_id(file, pairs[key]) for key in _LINKAGES if key in pairs)
    if not ids:
        file.corrupt("it is a differencing disk that does not say which disk its parent is")
    return Locator(ids=ids, names=tuple(pairs[key] for key in _PATHS if key in pairs))


def _pair(file: HostFile, item: bytes, at: int) -> tuple[str, str]:
    key, value, key_length, value_length = _PAIR.unpack_from(item, at)
    if max(key + key_length, value + value_length) > len(item):
        file.corrupt("its parent locator reaches over its end")
    return (
        text_of(item[key : key + key_length], "utf-16-le"),
        text_of(item[value : value + value_length], "utf-16-le"),
    )


def _id(file: HostFile, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        file.corrupt("its parent locator names the parent by what is no identifier")
