"""The partition table of a disk, whichever kind it is, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.disk import gpt as gpt_module
from bootworthy.disk import mbr as mbr_module
from bootworthy.disk.gpt import Gpt, State
from bootworthy.disk.mbr import PRIMARY_SLOTS, Mbr, ReadAt
from bootworthy.disk.partition_types import PROTECTIVE, is_extended
from bootworthy.disk.problem import Problem, ProblemKind
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.image import Partition, TableKind

# Disks of 4096-byte sectors, copied to where sectors have 512 bytes, have their GPT at byte 4096.
_LARGE_SECTOR = 4096

_MAX_MBR_SECTORS = 0xFFFF_FFFF


@dataclass(frozen=True, kw_only=True)
class PartitionTable:
    """A partition table; ``disk_id`` is a GUID or eight hex digits, as ``blkid`` says PTUUID.

    ``sector_size`` is what the table counts in, in bytes. ``partitions`` hold the extended
    partition as well as the logical ones in it.
    """

    kind: TableKind
    partitions: tuple[Partition, ...] = ()
    disk_id: str = ""
    sector_size: int = SECTOR
    problems: tuple[Problem, ...] = ()

    def partition(self, number: int) -> Partition | None:
        """The partition with this number."""
        return next((part for part in self.partitions if part.number == number), None)


def read_table(read_at: ReadAt, disk_size: int) -> PartitionTable:
    """The partition table of a disk of ``disk_size`` bytes, as Linux would find it.

    A GPT counts when the MBR says so or has nothing of its own to say. When its first copy is
    damaged the backup is used, and ``problems`` says so.
    """
    mbr = mbr_module.read(read_at, disk_size)
    gpt = read_gpt(read_at, disk_size)
    announced = mbr is not None and mbr.protective is not None
    if gpt is not None and (announced or mbr is None or not mbr.entries):
        return _of_gpt(gpt, mbr, disk_size)
    if announced:
        text = "the MBR announces a GPT, but neither copy of it can be read"
        problem = Problem(ProblemKind.GPT_UNREADABLE, text)
        return PartitionTable(kind=TableKind.GPT, problems=(problem,))
    if mbr is None:
        return PartitionTable(kind=TableKind.NONE)
    return _of_mbr(mbr, disk_size, leftover=gpt is not None)


def read_gpt(read_at: ReadAt, disk_size: int) -> Gpt | None:
    """The GPT of a disk, in sectors of 512 or else 4096 bytes, whatever the MBR says."""
    for sector in (SECTOR, _LARGE_SECTOR):
        gpt = gpt_module.read(read_at, disk_size, sector)
        if gpt is not None:
            return gpt
    return None


def _of_gpt(gpt: Gpt, mbr: Mbr | None, disk_size: int) -> PartitionTable:
    partitions = gpt.partitions()
    problems = (
        *_protective_problems(gpt, mbr),
        *_copy_problems(gpt),
        *_entry_problems(gpt),
        *_place_problems(partitions, disk_size),
    )
    return PartitionTable(
        kind=TableKind.GPT,
        partitions=partitions,
        disk_id=gpt.disk_id,
        sector_size=gpt.sector,
        problems=problems,
    )


def _of_mbr(mbr: Mbr, disk_size: int, *, leftover: bool) -> PartitionTable:
    partitions = mbr.partitions()
    problems = (*mbr.problems, *_place_problems(partitions, disk_size))
    if leftover:
        text = "a GPT is on the disk as well, which the MBR does not announce"
        problems += (Problem(ProblemKind.GPT_LEFTOVER, text),)
    return PartitionTable(
        kind=TableKind.MBR,
        partitions=partitions,
        disk_id=f"{mbr.disk_id:08x}",
        problems=problems,
    )


def protective_sectors(disk_sectors: int) -> int:
    """The size a protective MBR gives its one partition (UEFI 2.10, table 5.4)."""
    return min(disk_sectors - 1, _MAX_MBR_SECTORS)


def _protective_problems(gpt: Gpt, mbr: Mbr | None) -> Iterator[Problem]:
    if gpt.sector != SECTOR:
        text = f"the GPT counts in sectors of {gpt.sector} bytes, Azure's disks have {SECTOR}"
        yield Problem(ProblemKind.GPT_LARGE_SECTORS, text)
    entry = mbr.protective if mbr else None
    if mbr is None or entry is None:
        text = "no protective MBR announces the GPT; firmware and Linux ignore it"
        yield Problem(ProblemKind.PROTECTIVE_MISSING, text)
        return
    others = [str(other.slot + 1) for other in mbr.entries if other.type_id != PROTECTIVE]
    if others:
        text = f"the MBR beside the GPT has partitions of its own: {', '.join(others)}"
        yield Problem(ProblemKind.HYBRID_MBR, text)
    elif entry.sectors not in (protective_sectors(gpt.sectors), _MAX_MBR_SECTORS):
        expected = protective_sectors(gpt.sectors)
        text = f"the protective MBR covers {entry.sectors} sectors instead of {expected}"
        yield Problem(ProblemKind.PROTECTIVE_SIZE, text)


def _copy_problems(gpt: Gpt) -> Iterator[Problem]:
    if gpt.primary.state is State.MISSING:
        text = "the first copy of the GPT is missing; the backup is used"
        yield Problem(ProblemKind.GPT_PRIMARY_MISSING, text)
    if gpt.primary.state is State.DAMAGED:
        text = "the first copy of the GPT is damaged (checksum or places); the backup is used"
        yield Problem(ProblemKind.GPT_PRIMARY_DAMAGED, text)
    if gpt.backup.state is State.MISSING:
        yield Problem(ProblemKind.GPT_BACKUP_MISSING, "the backup of the GPT is missing")
    if gpt.backup.state is State.DAMAGED:
        text = "the backup of the GPT is damaged (checksum or places)"
        yield Problem(ProblemKind.GPT_BACKUP_DAMAGED, text)
    if gpt.backup.state is State.VALID and gpt.backup.header is not None:
        if gpt.backup.header.lba != gpt.sectors - 1:
            text = f"the backup GPT is at sector {gpt.backup.header.lba}, not {gpt.sectors - 1}"
            yield Problem(ProblemKind.GPT_BACKUP_NOT_AT_END, text)
        if gpt.primary.state is State.VALID and gpt.primary.entries != gpt.backup.entries:
            text = "the two copies of the GPT list different partitions"
            yield Problem(ProblemKind.GPT_COPIES_DIFFER, text)


def _entry_problems(gpt: Gpt) -> Iterator[Problem]:
    first_free = 2 + gpt.array_sectors
    for number, first, last in gpt.used():
        if last < first:
            text = f"partition {number} ends at sector {last}, before its start at {first}"
            yield Problem(ProblemKind.REVERSED, text, number)
        elif first < first_free:
            text = f"partition {number} starts at sector {first}, on the GPT itself"
            yield Problem(ProblemKind.OVER_TABLE, text, number)


def _place_problems(partitions: tuple[Partition, ...], disk_size: int) -> Iterator[Problem]:
    for part in partitions:
        if part.end > disk_size:
            text = f"partition {part.number} ends {part.end - disk_size} bytes behind the disk"
            yield Problem(ProblemKind.BEYOND_END, text, part.number)
    # A logical partition is inside its extended one, but no primary one may be.
    primary = [part for part in partitions if part.number <= PRIMARY_SLOTS]
    leaves = [part for part in partitions if not is_extended(part)]
    pairs = {*_overlaps(leaves), *(_overlaps(primary) if len(leaves) < len(partitions) else ())}
    for first, second in sorted(pairs):
        yield Problem(ProblemKind.OVERLAP, f"partitions {first} and {second} overlap", second)


def _overlaps(partitions: list[Partition]) -> Iterator[tuple[int, int]]:
    """Numbers of partitions that share space, each with the one before it that reaches furthest."""
    furthest: Partition | None = None
    for part in sorted(partitions, key=lambda part: (part.start, part.number)):
        if furthest is not None and part.start < furthest.end:
            yield min(furthest.number, part.number), max(furthest.number, part.number)
        if furthest is None or part.end > furthest.end:
            furthest = part
