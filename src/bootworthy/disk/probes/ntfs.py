"""NTFS.

Source: Linux, fs/ntfs3/ntfs.h (boot sector, MFT record, attributes).
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found

_OEM = b"NTFS    "
_VOLUME_RECORD = 3
_VOLUME_NAME = 0x60
_END = 0xFFFF_FFFF
_MAX_RECORD = 4096
_MAX_CLUSTER = 2 << 20


def probe(area: Area) -> Found | None:
    """An NTFS; whether it is clean is not looked at."""
    if area.at(3, 8) != _OEM:
        return None
    return Found(kind="ntfs", uuid=f"{area.little(0x48, 8):016X}", label=_label(area))


def _label(area: Area) -> str:
    """The name in the record of $Volume, when that is where and what it should be."""
    record = _volume_record(area)
    if not record.startswith(b"FILE"):
        return ""
    position = int.from_bytes(record[20:22], "little")
    while position + 24 <= len(record):
        kind = int.from_bytes(record[position : position + 4], "little")
        length = int.from_bytes(record[position + 4 : position + 8], "little")
        if kind == _END or length < 24:  # noqa: PLR2004 - the header of a resident attribute
            break
        if kind == _VOLUME_NAME:
            return _resident_text(record[position : position + length])
        position += length
    return ""


def _volume_record(area: Area) -> bytes:
    cluster_size = _clusters_to_bytes(area.at(13, 1)[0], area.little(11, 2))
    record_size = _clusters_to_bytes(area.at(0x40, 1)[0], cluster_size)
    if not 0 < cluster_size <= _MAX_CLUSTER or not 0 < record_size <= _MAX_RECORD:
        return b""
    mft = area.little(0x30, 8) * cluster_size
    return area.at(mft + _VOLUME_RECORD * record_size, record_size)


def _clusters_to_bytes(count: int, unit: int) -> int:
    """A count of units; above 0x80, as a signed byte, the negative power of two of bytes."""
    return count * unit if count <= 0x80 else 1 << (256 - count)  # noqa: PLR2004 - sign bit


def _resident_text(attribute: bytes) -> str:
    size = int.from_bytes(attribute[16:20], "little")
    offset = int.from_bytes(attribute[20:22], "little")
    return attribute[offset : offset + size].decode("utf-16-le", "replace").rstrip()
