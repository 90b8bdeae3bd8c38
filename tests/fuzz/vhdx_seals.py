"""Right checksums for changed VHDX files, so that the changes are looked at, and a short form.

A VHDX has megabytes of zeros; without them a fuzzer changes more of what counts, and much faster.
"""

from __future__ import annotations

import struct

import google_crc32c

# Places and sizes of the headers and region tables: [MS-VHDX] 2.2.
SEALED = ((64 << 10, 4096), (128 << 10, 4096), (192 << 10, 65536), (256 << 10, 65536))
_PAGE = 4096
_PAGES_OF_MIB = (1 << 20) // _PAGE
_MOST_PAGES = 16 * _PAGES_OF_MIB


def seal(data: bytearray, start: int, size: int) -> None:
    """Put the checksum of ``size`` bytes at ``start`` where it belongs: at byte 4 of them."""
    data[start + 4 : start + 8] = bytes(4)
    checksum = google_crc32c.value(bytes(data[start : start + size]))
    data[start + 4 : start + 8] = struct.pack("<I", checksum)


def seal_log(data: bytearray, start: int, end: int) -> None:
    """Seal the entries of a log, except one that goes over its end."""
    for place in range(start, end, _PAGE):
        if data[place : place + 4] == b"loge":
            (length,) = struct.unpack_from("<I", data, place + 8)
            if length <= end - place:
                seal(data, place, length)


def seal_all(data: bytes) -> bytes:
    """Seal headers, region tables and the log that the headers name."""
    changed = bytearray(data)
    if len(data) < 1 << 20:
        return data
    for start, size in SEALED:
        seal(changed, start, size)
    logs = {struct.unpack_from("<IQ", changed, start + 68) for start, _ in SEALED[:2]}
    for length, start in logs:
        seal_log(changed, min(start, len(data)), min(start + length, len(data)))
    return bytes(changed)


def pack(data: bytes) -> bytes:
    """The pages of a file that are not zeros, each behind its number."""
    pages = ((at // _PAGE, data[at : at + _PAGE]) for at in range(0, len(data), _PAGE))
    return b"".join(struct.pack("<H", at) + page for at, page in pages if any(page))


def unpack(data: bytes) -> bytes:
    """The file in whole MiB, with right checksums where the last bit of ``data`` is clear."""
    step = _PAGE + 2
    pages = [data[at : at + step] for at in range(0, len(data), step)]
    places = [int.from_bytes(page[:2], "little") % _MOST_PAGES for page in pages]
    whole = bytearray(-(-(max(places, default=0) + 1) // _PAGES_OF_MIB) << 20)
    for at, page in zip(places, pages, strict=True):
        whole[at * _PAGE : at * _PAGE + len(page) - 2] = page[2:]
    return bytes(whole) if data[-1:] and data[-1] % 2 else seal_all(bytes(whole))
