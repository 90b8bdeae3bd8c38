"""FAT12, FAT16, FAT32 and exFAT.

Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03; the dirty bit of the boot
sector: Linux, fs/fat/inode.c (FAT_STATE_DIRTY).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.disk.probes.area import Area, Found

_SECTOR_SIZES = (512, 1024, 2048, 4096)
_MIN_FAT16_CLUSTERS = 4085
_MIN_FAT32_CLUSTERS = 65525
_MAX_FAT32_CLUSTERS = 0x0FFF_FFF5

_ENTRY = 32
_VOLUME_LABEL = 0x08
_LONG_NAME = 0x0F
_DELETED = 0xE5
_NO_NAME = b"NO NAME    "

# A root directory has its label among the first entries; nobody walks a long chain for it.
_MAX_ROOT_CLUSTERS = 128
_MAX_ROOT_BYTES = 1 << 20

_DIRTY = 0x01


@dataclass(frozen=True, kw_only=True)
class _Geometry:
    """Where things are, in bytes; ``bits`` is 12, 16 or 32."""

    area: Area
    bits: int
    fat: int
    root: int
    root_size: int
    data: int
    cluster_size: int
    root_cluster: int

    @property
    def boot_fields(self) -> int:
        """Where drive number, state, signature, serial number and label are."""
        return 0x40 if self.bits == 32 else 0x24  # noqa: PLR2004 - FAT32

    def fat_entry(self, number: int) -> int:
        """An entry of the first FAT, of 16 or 32 bits."""
        size = self.bits // 8
        return self.area.little(self.fat + number * size, size)


def probe(area: Area) -> Found | None:
    """A FAT file system; clean unless the boot sector or the FAT says it is in use."""
    if area.at(3, 8) == b"EXFAT   ":
        return Found(kind="exfat", uuid=_serial(area.at(100, 4)))
    geometry = _geometry(area)
    if geometry is None:
        return None
    fields = geometry.boot_fields
    extended = area.at(fields + 2, 1)[0] in (0x28, 0x29)
    return Found(
        kind="vfat",
        uuid=_serial(area.at(fields + 3, 4)) if extended else "",
        label=_label(geometry),
        clean=_is_clean(geometry),
    )


def _serial(raw: bytes) -> str:
    high, low = int.from_bytes(raw[2:], "little"), int.from_bytes(raw[:2], "little")
    return f"{high:04X}-{low:04X}" if any(raw) else ""


def _geometry(area: Area) -> _Geometry | None:
    sector, per_cluster = area.little(11, 2), area.little(13, 1)
    reserved, fats, root_entries = area.little(14, 2), area.little(16, 1), area.little(17, 2)
    sectors = area.little(19, 2) or area.little(32, 4)
    per_fat16, per_fat32 = area.little(22, 2), area.little(36, 4)
    if not _is_boot_sector(area) or sector not in _SECTOR_SIZES:
        return None
    if per_cluster == 0 or per_cluster & (per_cluster - 1) or not reserved or fats not in (1, 2):
        return None
    per_fat = per_fat16 or per_fat32
    root_sectors = -(-root_entries * _ENTRY // sector)
    data = reserved + fats * per_fat + root_sectors
    if not per_fat or sectors <= data:
        return None
    bits = _bits((sectors - data) // per_cluster, fat32=per_fat16 == 0)
    if bits is None:
        return None
    return _Geometry(
        area=area,
        bits=bits,
        fat=reserved * sector,
        root=(reserved + fats * per_fat) * sector,
        root_size=root_entries * _ENTRY,
        data=data * sector,
        cluster_size=per_cluster * sector,
        root_cluster=area.little(44, 4),
    )


def _is_boot_sector(area: Area) -> bool:
    """A jump, the signature, a medium; and not NTFS or HPFS, which begin alike."""
    jump, medium = area.at(0, 3), area.at(21, 1)[0]
    is_jump = jump[0] == 0xE9 or (jump[0] == 0xEB and jump[2] == 0x90)  # noqa: PLR2004 - x86 code
    return (
        is_jump
        and area.at(510, 2) == b"\x55\xaa"
        and (medium >= 0xF8 or medium == 0xF0)  # noqa: PLR2004 - media descriptors
        and area.at(3, 4) not in (b"NTFS", b"HPFS")
    )


def _bits(clusters: int, *, fat32: bool) -> int | None:
    if fat32:
        return 32 if clusters <= _MAX_FAT32_CLUSTERS else None
    if clusters >= _MIN_FAT32_CLUSTERS:
        return None
    return 12 if clusters < _MIN_FAT16_CLUSTERS else 16


def _is_clean(geometry: _Geometry) -> bool:
    if geometry.area.at(geometry.boot_fields + 1, 1)[0] & _DIRTY:
        return False
    if geometry.bits == 12:  # noqa: PLR2004 - FAT12 has no such bit
        return True
    # "FAT type and cluster 1": the highest bit but four, or the highest, is 1 when shut down well.
    shut_down = 1 << (27 if geometry.bits == 32 else 15)  # noqa: PLR2004 - FAT32
    return bool(geometry.fat_entry(1) & shut_down)


def _label(geometry: _Geometry) -> str:
    for directory in _root_pieces(geometry):
        for start in range(0, len(directory), _ENTRY):
            entry = directory[start : start + _ENTRY]
            if entry[0] == 0:
                return ""
            if entry[0] != _DELETED and _is_label(entry):
                return _text(entry[:11])
    return ""


def _is_label(entry: bytes) -> bool:
    attributes = entry[11]
    return attributes & _LONG_NAME != _LONG_NAME and attributes & _VOLUME_LABEL != 0


def _text(raw: bytes) -> str:
    return "" if raw == _NO_NAME else raw.decode("ascii", "replace").rstrip(" \0")


def _root_pieces(geometry: _Geometry) -> Iterator[bytes]:
    """The root directory, the way it is stored, up to a bound."""
    if geometry.bits != 32:  # noqa: PLR2004 - FAT32
        yield geometry.area.at(geometry.root, min(geometry.root_size, _MAX_ROOT_BYTES))
        return
    cluster = geometry.root_cluster
    for _ in range(_MAX_ROOT_CLUSTERS):
        if not 2 <= cluster <= _MAX_FAT32_CLUSTERS:  # noqa: PLR2004 - the first cluster
            return
        offset = geometry.data + (cluster - 2) * geometry.cluster_size
        yield geometry.area.at(offset, geometry.cluster_size)
        cluster = geometry.fat_entry(cluster) & 0x0FFF_FFFF
