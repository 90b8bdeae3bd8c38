"""Which runs of a disk its logical volumes are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from bootworthy.disk.lvm.metadata import read_physical_volume
from bootworthy.disk.lvm.text import Section
from bootworthy.disk.mbr import ReadAt
from bootworthy.model.image import FileSystem

_SECTOR = 512

# Each may become a loop device; installers make a dozen at most.
_MAX_VOLUMES = 256

# lvm(8), "Valid names".
_NAME = re.compile(r"(?!\.{1,2}$)[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]{0,127}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class LogicalVolume:
    """A logical volume that is one run of the disk; ``start`` and ``size`` are in bytes.

    ``partition`` is the number of the partition that holds it, 0 for the whole disk.
    """

    group: str
    name: str
    partition: int
    start: int
    size: int

    @property
    def mapped_name(self) -> str:
        """The name that device-mapper gives it: dashes in either part are doubled."""
        return "-".join(part.replace("-", "--") for part in (self.group, self.name))


class NotLinearError(Exception):
    """The volumes need device-mapper; the message says why."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A physical volume's part of the disk."""

    partition: int
    start: int
    end: int


def logical_volumes(read_at: ReadAt, holders: Sequence[FileSystem]) -> tuple[LogicalVolume, ...]:
    """The logical volumes of the physical volumes in ``holders``, all of them.

    Raises:
        NotLinearError: one of them is more than one run of the disk (striped, mirrored, thin,
            with a snapshot, extended around another, on a disk that is not here), or the
            description is damaged or senseless.
    """
    places: dict[str, _Place] = {}
    groups: dict[str, Section] = {}
    for holder in holders:
        found = read_physical_volume(read_at, holder.start, holder.size)
        if found is None:
            continue
        place = _Place(
            partition=holder.partition, start=holder.start, end=holder.start + holder.size
        )
        places[found.identifier] = place
        for name, section in found.groups:
            if name not in groups or _number(section, "seqno") > _number(groups[name], "seqno"):
                groups[name] = section
    if not groups:
        raise NotLinearError("no description of a volume group can be read")
    volumes = tuple(islice(_all_volumes(groups, places), _MAX_VOLUMES + 1))
    if len(volumes) > _MAX_VOLUMES:
        raise NotLinearError(f"there are more than {_MAX_VOLUMES} volumes")
    ordered = sorted(volumes, key=lambda volume: volume.start)
    if any(volume.start + volume.size > after.start for volume, after in pairwise(ordered)):
        raise NotLinearError("volumes overlap")
    return volumes


def _all_volumes(
    groups: Mapping[str, Section], places: Mapping[str, _Place]
) -> Iterator[LogicalVolume]:
    for group, section in groups.items():
        for name, volume in _sections(section, "logical_volumes"):
            if not (_NAME.fullmatch(group) and _NAME.fullmatch(name)):
                raise NotLinearError("a volume has a name that LVM does not allow")
            yield _volume(group, name, section, volume, places)


def _volume(
    group: str, name: str, section: Section, volume: Section, places: Mapping[str, _Place]
) -> LogicalVolume:
    runs = [_run(name, section, segment, places) for segment in _segments(name, volume)]
    partitions = {partition for partition, _, _ in runs}
    joined = all(start + size == after for (_, start, size), (_, after, _) in pairwise(runs))
    if len(partitions) != 1 or not joined:
        raise NotLinearError(f"{group}/{name} lies in several places")
    return LogicalVolume(
        group=group,
        name=name,
        partition=partitions.pop(),
        start=runs[0][1],
        size=sum(size for _, _, size in runs),
    )


def _segments(name: str, volume: Section) -> list[Section]:
    named = (item for key, item in volume.items() if key.startswith("segment"))
    segments = [item for item in named if isinstance(item, dict)]
    if not segments or len(segments) != _number(volume, "segment_count"):
        raise NotLinearError(f"the segments of {name} are not those it says")
    return sorted(segments, key=lambda item: _number(item, "start_extent"))


def _run(
    name: str, section: Section, segment: Section, places: Mapping[str, _Place]
) -> tuple[int, int, int]:
    """A segment as the number of the partition, where it starts and its size, in bytes."""
    stripes = segment.get("stripes")
    # "striped" over one volume is what LVM calls linear in its files.
    linear = segment.get("type") == "striped" and segment.get("stripe_count") == 1
    if not linear or not isinstance(stripes, list) or len(stripes) != 2:  # noqa: PLR2004
        raise NotLinearError(f"{name} is not linear")
    volume = dict(_sections(section, "physical_volumes")).get(str(stripes[0]), {})
    place = places.get(str(volume.get("id", "")).replace("-", ""))
    if place is None or not isinstance(stripes[1], int):
        raise NotLinearError(f"{name} lies on a disk that is not in the image")
    extent = _number(section, "extent_size") * _SECTOR
    start = place.start + _number(volume, "pe_start") * _SECTOR + stripes[1] * extent
    size = _number(segment, "extent_count") * extent
    if not (place.start < start and size > 0 and start + size <= place.end):
        raise NotLinearError(f"{name} reaches beyond its partition")
    return place.partition, start, size


def _sections(section: Section, name: str) -> Iterator[tuple[str, Section]]:
    items = section.get(name)
    for key, item in items.items() if isinstance(items, dict) else ():
        if isinstance(item, dict):
            yield key, item


def _number(section: Section, name: str) -> int:
    value = section.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
