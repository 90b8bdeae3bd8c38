"""The header of a dynamic or differencing VHD.

Source: Virtual Hard Disk Image Format Specification 1.0, "Dynamic Disk Header Format"; all numbers
are big endian.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootworthy.disk.parents import text_of
from bootworthy.disk.sizes import SECTOR

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

HEADER_SIZE = 1024
_COOKIE = b"cxsparse"
_VERSION_1_0 = 0x0001_0000

# Up to the parent's name: cookie, data offset, table offset, version, table entries, block size,
# checksum, parent's unique id and time stamp, reserved.
_FIXED = struct.Struct(">8sQQIIII16sII")
_CHECKSUM = slice(36, 40)
_NAME = slice(64, 576)
_LOCATORS = slice(576, 768)
# Platform code, data space, data length, reserved, data offset.
_LOCATOR = struct.Struct(">4sIIIQ")

# "Parent Locator Entry": relative and absolute Windows paths. Mac aliases and file: URLs name
# nothing of this machine.
_RELATIVE, _ABSOLUTE = b"W2ru", b"W2ku"

# Windows paths have at most 32767 characters.
_MAX_LOCATOR = 1 << 16


@dataclass(frozen=True, kw_only=True)
class SparseHeader:
    """What the header at ``offset`` says; sizes in bytes, ``parent_time`` in seconds since 2000."""

    offset: int
    table_offset: int
    entries: int
    block_size: int
    parent_id: uuid.UUID
    parent_time: int
    parent_names: tuple[str, ...]

    @property
    def bitmap_size(self) -> int:
        """The bytes of the bitmap before each block: a bit for each sector, in whole sectors."""
        return -(-self.block_size // (SECTOR * 8 * SECTOR)) * SECTOR


def parse(file: HostFile, offset: int, *, differencing: bool) -> SparseHeader:
    """Read and check the header at ``offset``; the parent's names only when ``differencing``.

    Raises:
        ImageError: ``image-corrupt`` or ``image-truncated``.
    """
    raw = file.pread_exact(offset, HEADER_SIZE, "dynamic disk header")
    cookie, _, table, version, entries, block_size, checksum, parent, time, _ = _FIXED.unpack_from(
        raw
    )
    if cookie != _COOKIE:
        file.corrupt(f"there is no dynamic disk header at byte {offset}")
    # The specification has no second copy to fall back on.
    if checksum != ~(sum(raw) - sum(raw[_CHECKSUM])) & 0xFFFF_FFFF:
        file.corrupt("the checksum of its dynamic disk header is wrong")
    if version != _VERSION_1_0:
        file.corrupt(f"its dynamic disk header has version {version:#x}")
    if block_size < SECTOR or block_size & (block_size - 1):
        file.corrupt(f"its blocks would have {block_size} bytes")
    if table + entries * 4 > file.size:
        file.truncated(table + entries * 4, "block table")
    return SparseHeader(
        offset=offset,
        table_offset=table,
        entries=entries,
        block_size=block_size,
        parent_id=uuid.UUID(bytes=parent),
        parent_time=time,
        parent_names=tuple(_parent_names(file, raw)) if differencing else (),
    )


def _parent_names(file: HostFile, raw: bytes) -> Iterator[str]:
    """Where the parent may be, the relative path first."""
    locators = list(_LOCATOR.iter_unpack(raw[_LOCATORS]))
    for wanted in (_RELATIVE, _ABSOLUTE):
        for code, _, length, _, offset in locators:
            if code == wanted and length <= _MAX_LOCATOR:
                yield text_of(file.pread_exact(offset, length, "parent locator"), "utf-16-le")
    yield text_of(raw[_NAME], "utf-16-be")
