"""VMDK files built from the specification: VMware, Virtual Disk Format 5.0."""

from __future__ import annotations

import struct
import zlib

GRAIN = 65536
_SECTORS = GRAIN // 512
_TABLE_ENTRIES = 512


def descriptor(
    kind: str,
    sectors: int,
    name: str,
    *,
    content_id: int = 0xFFFF_FFFE,
    parent: str | None = None,
    parent_id: int = 0xFFFF_FFFF,
    more: str = "",
) -> bytes:
    """The text for a disk of one extent."""
    create_type = {"VMFS": "vmfs", "VMFSSPARSE": "vmfsSparse"}.get(kind, "custom")
    hint = "" if parent is None else f'parentFileNameHint="{parent}"\n'
    return (
        "# Disk DescriptorFile\nversion=1\n"
        f'CID={content_id:08x}\nparentCID={parent_id:08x}\ncreateType="{create_type}"\n{hint}'
        f'\n# Extent description\nRW {sectors} {kind} "{name}"\n{more}'
        '\n# The Disk Data Base\n#DDB\n\nddb.adapterType = "ide"\n'
    ).encode()


def _header(version: int, flags: int, sectors: int, directory: int, algorithm: int) -> bytes:
    fields = (version, flags, sectors, _SECTORS, 1, 20, _TABLE_ENTRIES, 0, directory, 128, 0)
    packed = struct.pack("<4sIIQQQQIQQQB4sH", b"KDMV", *fields, b"\n \r\n", algorithm)
    return packed.ljust(512, b"\0")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def hosted_sparse(filled: dict[int, bytes], *, grains: int, version: int = 1) -> bytes:
    """A monolithicSparse image of some grains, each filled with one byte; one grain table."""
    sectors = grains * _SECTORS
    text = descriptor("SPARSE", sectors, "image.vmdk").ljust(20 * 512, b"\0")
    entries = [0] * _TABLE_ENTRIES
    data = b""
    for number, byte in filled.items():
        entries[number] = 128 + len(data) // 512
        data += byte * GRAIN
    tables = _padded(struct.pack("<I", 22)) + struct.pack(f"<{_TABLE_ENTRIES}I", *entries)
    head = _header(version, 3 if version == 1 else 1, sectors, 21, 0) + text + tables
    return head.ljust(GRAIN, b"\0") + data


def _marker(kind: int, sectors: int) -> bytes:
    return struct.pack("<QII", sectors, 0, kind).ljust(512, b"\0")


def streamed(filled: dict[int, bytes], *, grains: int, cut: int = 0) -> bytes:
    """A streamOptimized image with its grain directory in the footer.

    ``cut`` bytes, in whole sectors, are missing from the last grain of the disk.
    """
    sectors = grains * _SECTORS - cut // 512
    text = descriptor("SPARSE", sectors, "image.vmdk").ljust(20 * 512, b"\0")
    flags = 1 | 1 << 16 | 1 << 17
    at_end = 0xFFFF_FFFF_FFFF_FFFF
    out = (_header(3, flags, sectors, at_end, 1) + text).ljust(GRAIN, b"\0")
    entries = [0] * _TABLE_ENTRIES
    for number, byte in filled.items():
        entries[number] = len(out) // 512
        packed = zlib.compress(byte * GRAIN)
        out += _padded(struct.pack("<QI", number * _SECTORS, len(packed)) + packed)
    out += _marker(1, 4)
    table = len(out) // 512
    out += struct.pack(f"<{_TABLE_ENTRIES}I", *entries) + _marker(2, 1)
    directory = len(out) // 512
    out += _padded(struct.pack("<I", table)) + _marker(3, 1)
    return out + _header(3, flags, sectors, directory, 1) + _marker(0, 0)


def esx_sparse(filled: dict[int, bytes], *, sectors: int) -> bytes:
    """An ESX sparse extent of grains of one sector, each filled with one byte."""
    entries = [0] * 4096
    data = b""
    for number, byte in filled.items():
        entries[number] = 37 + len(data) // 512
        data += byte * 512
    head = struct.pack("<4sIIIIIII", b"COWD", 1, 3, sectors, 1, 4, 1, 40).ljust(4 * 512, b"\0")
    return head + _padded(struct.pack("<I", 5)) + struct.pack("<4096I", *entries) + data
