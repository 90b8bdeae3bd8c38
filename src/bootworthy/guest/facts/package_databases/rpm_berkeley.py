"""The rpm database until release 8 (``Packages``): a hash table of Berkeley DB.

Source: Berkeley DB 5.3, src/dbinc/db_page.h. Package headers are values that overflow onto pages
of their own; keys are numbers that nobody needs here. Byte order is that of the machine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.facts.package_databases.package import DatabaseError

_HASH_MAGIC = 0x061561
_P_HASH = (2, 13)
_P_OVERFLOW = 7
_H_OFFPAGE = 3
_PAGE_HEADER = 26
_MIN_PAGE, _MAX_PAGE = 512, 65536
_MAX_BLOB = 64 << 20


@dataclass(frozen=True)
class _Database:
    data: bytes
    order: str
    page_size: int
    name: str

    def number(self, page: int, offset: int, code: str) -> int:
        """A number of a page."""
        place = page * self.page_size + offset
        (value,) = struct.unpack_from(self.order + code, self.data, place)
        return int(value)

    @property
    def pages(self) -> range:
        """Whole pages but the first, which is about the others."""
        return range(1, len(self.data) // self.page_size)


def blobs(data: bytes, database: str) -> Iterator[bytes]:
    """Every package header of the database in ``data``.

    Raises:
        DatabaseError: it is not such a database, or is damaged.
    """
    found = _open(data, database)
    for page in found.pages:
        if data[page * found.page_size + 25] in _P_HASH:
            yield from _values(found, page)


def _open(data: bytes, database: str) -> _Database:
    for order in "<>":
        if len(data) >= _MIN_PAGE and struct.unpack_from(order + "I", data, 12)[0] == _HASH_MAGIC:
            size = struct.unpack_from(order + "I", data, 20)[0]
            if _MIN_PAGE <= size <= _MAX_PAGE and size & (size - 1) == 0:
                return _Database(data, order, size, database)
    raise DatabaseError(f"{database} is not a Berkeley DB hash table")


def _values(found: _Database, page: int) -> Iterator[bytes]:
    """The values of a hash page: every second of its items."""
    count = found.number(page, 20, "H")
    if _PAGE_HEADER + 2 * count > found.page_size:
        raise DatabaseError(f"{found.name}: page {page} is damaged")
    for item in range(1, count, 2):
        offset = found.number(page, _PAGE_HEADER + 2 * item, "H")
        if offset + 12 > found.page_size:
            continue  # too small for a package header: rpm's own counter
        if found.data[page * found.page_size + offset] == _H_OFFPAGE:
            first, length = (found.number(page, offset + at, "I") for at in (4, 8))
            yield _overflow(found, first, length)


def _overflow(found: _Database, page: int, length: int) -> bytes:
    if length > _MAX_BLOB:
        raise DatabaseError(f"{found.name}: a package header of {length} bytes")
    parts = bytearray()
    while len(parts) < length:
        place = page * found.page_size
        if page not in found.pages or found.data[place + 25] != _P_OVERFLOW:
            raise DatabaseError(f"{found.name}: page {page} is damaged")
        used = found.number(page, 22, "H")
        if not 0 < used <= found.page_size - _PAGE_HEADER:
            raise DatabaseError(f"{found.name}: page {page} is damaged")
        parts += found.data[place + _PAGE_HEADER : place + _PAGE_HEADER + used]
        page = found.number(page, 16, "I")
    return bytes(parts[:length])
