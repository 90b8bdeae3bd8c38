"""Unified kernel images as ukify lays them out, small."""

from __future__ import annotations

import struct

_ALIGNMENT = 512


def unified_image(**sections: bytes) -> bytes:
    """A PE file for x86-64 with these sections (``cmdline`` becomes ``.cmdline``)."""
    header = 0x40 + 24 + 40 * len(sections)
    start = -(-header // _ALIGNMENT) * _ALIGNMENT
    table, body = b"", b""
    for name, data in sections.items():
        raw = -(-len(data) // _ALIGNMENT) * _ALIGNMENT
        place = start + len(body)
        table += struct.pack(
            "<8sIIII16x", f".{name}".encode(), len(data), 0x1000 + place, raw, place
        )
        body += data.ljust(raw, b"\0")
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 0, 0)
    return (dos + coff + table).ljust(start, b"\0") + body
