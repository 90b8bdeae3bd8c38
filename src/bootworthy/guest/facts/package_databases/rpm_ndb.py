"""The rpm database of SUSE (``Packages.db``): slots that point at blobs, in one file.

Source: rpm's lib/backend/ndb/rpmpkg.c; all numbers are little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from bootworthy.guest.facts.package_databases.package import DatabaseError

_MAGIC, _SLOT_MAGIC, _BLOB_MAGIC = b"RpmP", b"Slot", b"BlbS"
_HEADER = struct.Struct("<4sIIII")
_SLOT = struct.Struct("<4sIII")
_BLOB = struct.Struct("<4sIII")
_PAGE = 4096
_SLOTS_START = 32
_BLOCK = 16
_MAX_SLOT_PAGES = 16_384


def blobs(data: bytes, database: str) -> Iterator[bytes]:
    """Every package header of the database in ``data``.

    Raises:
        DatabaseError: it is not such a database, or what a slot points at is no blob.
    """
    if len(data) < _PAGE:
        raise DatabaseError(f"{database} is cut short")
    magic, _, _, pages, _ = _HEADER.unpack_from(data)
    if magic != _MAGIC or not 0 < pages <= _MAX_SLOT_PAGES or pages * _PAGE > len(data):
        raise DatabaseError(f"{database} is not an ndb database")
    for place in range(_SLOTS_START, pages * _PAGE, _SLOT.size):
        mark, index, block, _ = _SLOT.unpack_from(data, place)
        if mark != _SLOT_MAGIC:
            raise DatabaseError(f"{database}: the slot at {place} is damaged")
        if index:
            yield _blob(data, block * _BLOCK, index, database)


def _blob(data: bytes, start: int, index: int, database: str) -> bytes:
    if start + _BLOB.size <= len(data):
        magic, owner, _, length = _BLOB.unpack_from(data, start)
        begin = start + _BLOB.size
        if magic == _BLOB_MAGIC and owner == index and begin + length <= len(data):
            return data[begin : begin + length]
    raise DatabaseError(f"{database}: package {index} is damaged")
