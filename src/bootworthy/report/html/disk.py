"""The disk as a picture: partitions to scale, and how many findings each holds."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from bootworthy.model.finding import Finding
from bootworthy.model.image import FileSystem, ImageInfo, Partition
from bootworthy.model.quantities import human_size
from bootworthy.model.report import Report

_WIDTH = 1000.0

# A partition that would be narrower could not be seen, nor pointed at.
_NARROWEST = 6.0

# Hostile tables can claim thousands; nobody can tell more than this apart.
_MOST = 128

_NUMBER = re.compile(r"\bpartition (\d{1,4})\b")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One partition: where it is drawn in a picture 1000 wide, and what is in it."""

    number: int
    left: float
    width: float
    label: str
    kind: str
    size: str
    start: str
    findings: int


@dataclass(frozen=True, kw_only=True)
class DiskPicture:
    """All partitions; ``findings`` are those about the disk or the file around it."""

    table: str
    size: str
    pieces: tuple[Piece, ...]
    findings: int


def picture_of(report: Report) -> DiskPicture | None:
    """The picture of the report's disk, None when there was only a file tree."""
    image = report.image
    if image is None:
        return None
    places = Counter(_partition_of(finding, report) for finding in report.findings)
    listed = image.partitions[:_MOST]
    pieces = tuple(_piece(item, image, places[item.number]) for item in listed)
    outside = sum(places.values()) - sum(piece.findings for piece in pieces)
    size = human_size(image.container.virtual_size)
    return DiskPicture(table=image.table.value, size=size, pieces=pieces, findings=outside)


def _piece(partition: Partition, image: ImageInfo, findings: int) -> Piece:
    whole = max(image.container.virtual_size, 1)
    left = min(_WIDTH * partition.start / whole, _WIDTH - _NARROWEST)
    width = min(max(_WIDTH * partition.size / whole, _NARROWEST), _WIDTH - left)
    inside = next((fs for fs in image.file_systems if fs.partition == partition.number), None)
    return Piece(
        number=partition.number,
        left=round(left, 2),
        width=round(width, 2),
        label=_label(partition, inside),
        kind=inside.kind if inside and inside.kind else "unknown",
        size=human_size(partition.size),
        start=human_size(partition.start),
        findings=findings,
    )


def _label(partition: Partition, inside: FileSystem | None) -> str:
    return partition.name or (inside.label if inside else "")


def _partition_of(finding: Finding, report: Report) -> int:
    """The partition a finding is in, 0 for the disk itself and the file around it."""
    image, place = report.image, finding.place
    if found := _NUMBER.search(place.within):
        return int(found[1])
    if image is None or place.path in {image.container.path, report.subject, report.output}:
        return 0
    if "EFI system partition" in place.within:
        return next((fs.partition for fs in image.file_systems if fs.kind == "vfat"), 0)
    root = _NUMBER.search(report.guest.root) if report.guest else None
    return int(root[1]) if root else 0
