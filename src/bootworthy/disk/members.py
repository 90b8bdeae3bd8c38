"""Volumes that need other disks: btrfs, RAID arrays and LVM groups with members that are elsewhere.

Sources: Linux, include/uapi/linux/btrfs_tree.h (struct btrfs_super_block), include/uapi/linux/raid
(md_p.h); LVM2, lib/format_text/layout.h.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bootworthy.disk.mbr import ReadAt
from bootworthy.disk.probes import lvm, raid
from bootworthy.disk.probes.area import Area
from bootworthy.model.image import FileSystem

_BTRFS_DEVICES = (64 << 10) + 0x88

# A group of a thousand volumes has metadata of less than a megabyte.
_MAX_METADATA = 1 << 20
_HEADER = 512
_MAGIC = b" LVM2 x[5A%r0N*>"
_MAX_AREAS = 16
_VOLUMES = re.compile(r"physical_volumes\s*\{(.*?)\n\t?\}", re.DOTALL)
_IDENTITY = re.compile(r"^\s*id\s*=\s*\"([0-9A-Za-z-]{38})\"", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Incomplete:
    """A volume with members elsewhere: ``here`` of its ``members`` are on this disk.

    ``partition`` is the first of those; ``survives`` says that it starts all the same.
    """

    partition: int
    kind: str
    members: int
    here: int
    survives: bool = False


def incomplete(read_at: ReadAt, file_systems: Iterable[FileSystem]) -> tuple[Incomplete, ...]:
    """The volumes of a disk that lack members, in the order of their partitions."""
    found = list(file_systems)
    groups = (_btrfs, _arrays, _volume_groups)
    volumes = [volume for look in groups for volume in look(read_at, found)]
    return tuple(sorted(volumes, key=lambda volume: volume.partition))


def _area(read_at: ReadAt, item: FileSystem) -> Area:
    return Area(read_at, item.start, item.size)


def _by_identity(found: list[FileSystem], kind: str) -> Iterator[list[FileSystem]]:
    same = [item for item in found if item.kind == kind]
    for identity in dict.fromkeys(item.uuid for item in same):
        yield [item for item in same if item.uuid == identity]


def _btrfs(read_at: ReadAt, found: list[FileSystem]) -> Iterator[Incomplete]:
    for members in _by_identity(found, "btrfs"):
        devices = _area(read_at, members[0]).little(_BTRFS_DEVICES, 8)
        if devices > len(members):
            yield _incomplete(members, devices)


def _arrays(read_at: ReadAt, found: list[FileSystem]) -> Iterator[Incomplete]:
    for members in _by_identity(found, "linux_raid_member"):
        shape = raid.shape(_area(read_at, members[0]))
        if shape is not None and shape.disks > len(members):
            yield _incomplete(members, shape.disks, survives=shape.is_mirror)


def _volume_groups(read_at: ReadAt, found: list[FileSystem]) -> Iterator[Incomplete]:
    physical = [item for item in found if item.kind == "LVM2_member"]
    here = {item.uuid for item in physical}
    told: set[frozenset[str]] = set()
    for item in physical:
        volumes = frozenset(_IDENTITY.findall(_section(_metadata(_area(read_at, item)))))
        if volumes - here and volumes not in told:
            told.add(volumes)
            members = [other for other in physical if other.uuid in volumes] or [item]
            yield _incomplete(members, len(volumes))


def _incomplete(members: list[FileSystem], wanted: int, *, survives: bool = False) -> Incomplete:
    first = members[0]
    return Incomplete(
        partition=first.partition,
        kind=first.kind,
        members=wanted,
        here=len(members),
        survives=survives,
    )


def _section(metadata: str) -> str:
    match = _VOLUMES.search(metadata)
    return match[1] if match else ""


def _metadata(area: Area) -> str:
    """The text of a group as one of its volumes has it, empty when it has none or is damaged."""
    for offset in lvm.metadata_areas(area)[:_MAX_AREAS]:
        header = area.at(offset, _HEADER)
        if header[4:20] != _MAGIC:
            continue
        length = int.from_bytes(header[32:40], "little")
        start, size = (int.from_bytes(header[at : at + 8], "little") for at in (40, 48))
        # The area is a ring: text that reaches its end goes on behind the header.
        if not 0 < size <= _MAX_METADATA or not _HEADER <= start < length:
            continue
        before = min(size, length - start)
        raw = area.at(offset + start, before) + area.at(offset + _HEADER, size - before)
        return raw.decode("utf-8", "replace")
    return ""
