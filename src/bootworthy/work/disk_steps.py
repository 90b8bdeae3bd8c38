"""Steps on the working disk itself: the backup GPT, swap partitions."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from dataclasses import replace

from bootworthy.disk import repartition
from bootworthy.disk.image import Image
from bootworthy.disk.partition_types import LINUX_SWAP, is_extended
from bootworthy.model.image import Partition, TableKind
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.steps import MoveBackupGpt, RemoveSwapPartition, Step

# fallocate(2): the range reads as zeros afterwards and takes no space.
_PUNCH_HOLE = 0x03

# What a partition that was swap becomes where its entry cannot go: a Linux file system.
_LINUX = {TableKind.MBR: "83", TableKind.GPT: "0fc63daf-8483-4772-8e79-3d69d8477de4"}


def carry_out(step: Step, fd: int, size: int, rules: tuple[str, ...]) -> Iterator[Change]:
    """Carry out a disk step on the raw disk of ``size`` bytes behind ``fd``."""
    match step:
        case MoveBackupGpt():
            if repartition.move_backup_gpt(fd, size):
                yield _change(step, "partition table", "backup GPT written at the end", rules)
        case RemoveSwapPartition():
            yield _remove_swap(step, fd, size, rules)


def preview(step: Step, image: Image, rules: tuple[str, ...]) -> Iterator[Change]:
    """What a disk step would do."""
    match step:
        case MoveBackupGpt():
            yield _change(step, "partition table", "backup GPT written at the end", rules)
        case RemoveSwapPartition():
            partition = image.table.partition(step.number)
            size = partition.size if partition else 0
            yield _change(step, f"partition {step.number}", f"swap of {size} bytes erased", rules)


def _remove_swap(step: RemoveSwapPartition, fd: int, size: int, rules: tuple[str, ...]) -> Change:
    name = f"partition {step.number}"
    with Image.over_fd(fd, size, path="the working disk") as image:
        partition = image.table.partition(step.number)
        if partition is None:
            return _change(step, name, "was gone already", rules)
        if reason := _not_only_swap(image, partition):
            change = _change(step, name, reason, rules)
            return replace(change, kind=ChangeKind.SKIPPED)
        type_id = _LINUX[image.table.kind]
    _erase(fd, partition)
    if repartition.remove_partition(fd, size, step.number):
        detail = f"swap of {partition.size} bytes removed"
    else:
        if partition.type_id in LINUX_SWAP:
            repartition.change_type(fd, size, step.number, type_id)
        detail = f"swap of {partition.size} bytes erased; the partition stays, as others follow it"
    return _change(step, name, detail, rules)


def _not_only_swap(image: Image, partition: Partition) -> str:
    """Why erasing the partition could lose something; the table of an image may lie."""
    kinds = {item.partition: item.kind for item in image.file_systems}
    if kinds.get(partition.number) != "swap":
        return f"it holds {kinds.get(partition.number) or 'something unknown'}, not swap"
    others = (part for part in image.table.partitions if part.number != partition.number)
    shared = [part for part in others if not is_extended(part) and _overlap(part, partition)]
    return f"it overlaps partition {shared[0].number}" if shared else ""


def _overlap(one: Partition, other: Partition) -> bool:
    return one.start < other.end and other.start < one.end


def _erase(fd: int, partition: Partition) -> None:
    """Zeros over the whole partition, without writing them where the file system can."""
    libc = ctypes.CDLL(None, use_errno=True)
    length = ctypes.c_int64(partition.size)
    if libc.fallocate(fd, _PUNCH_HOLE, ctypes.c_int64(partition.start), length) == 0:
        return
    # The signature is what makes it swap; it lies in the first page of 4 or 64 KiB.
    os.pwrite(fd, bytes(min(65536, partition.size)), partition.start)


def _change(step: Step, what: str, detail: str, rules: tuple[str, ...]) -> Change:
    return Change(kind=ChangeKind.DISK, what=what, step=step.kind, detail=detail, rules=rules)
