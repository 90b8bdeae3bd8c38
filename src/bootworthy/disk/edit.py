"""Edits of an image file in place: worked out whole, with what was there, before any is made.

The order of the writes is chosen so that the file stays a disk between any two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.disk import footer as vhd_footer
from bootworthy.disk import repartition
from bootworthy.disk.anatomy import Anatomy
from bootworthy.disk.extents import Extent, Kind
from bootworthy.disk.footer import FOOTER_SIZE
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.image import Image
from bootworthy.disk.partitions import read_gpt
from bootworthy.disk.sizes import MIB, round_up_to_mib
from bootworthy.disk.sparse import data_runs
from bootworthy.model.errors import ImageError
from bootworthy.model.image import TableKind

_PIECE = 1 * MIB

# What a cut may take away and an undo bring back: footers, tables and padding.
_MAX_TAIL = 8 * MIB


@dataclass(frozen=True, kw_only=True)
class Write:
    """Bytes at a place of the file: those that were there (fewer at its end), and the new ones."""

    offset: int
    old: bytes
    new: bytes


@dataclass(frozen=True, kw_only=True)
class Edit:
    """All that changes a file of ``old_size`` bytes to one of ``new_size``.

    ``writes`` are made in order, then the file is cut or grown. ``tail`` holds the pieces that a
    cut takes away, other than zeros. ``words`` say what changes; ``undoes`` marks an edit that
    takes another one back.
    """

    old_size: int
    new_size: int
    disk_size: int
    writes: tuple[Write, ...]
    tail: tuple[Write, ...] = ()
    words: tuple[str, ...] = ()
    undoes: bool = False

    @property
    def changes_anything(self) -> bool:
        """Whether the file would be another one."""
        return bool(self.writes) or self.old_size != self.new_size


def seal_edit(file: HostFile, anatomy: Anatomy | None, notes: list[str]) -> Edit:
    """What makes ``file``, a raw disk or a VHD with faults, the fixed VHD that Azure takes.

    Raises:
        ImageError: ``image-truncated`` when the footer speaks of more than the file holds.
    """
    disk = _disk_in(file, anatomy)
    words = list(_repairs(file, anatomy, disk))
    if anatomy is not None and anatomy.inner is not None and anatomy.inner != disk:
        notes.append(f"an older VHD footer stays inside the disk, at byte {anatomy.inner}")
    return _edit(file, disk, round_up_to_mib(disk), fixed_vhd=True, words=words, notes=notes)


def _disk_in(file: HostFile, anatomy: Anatomy | None) -> int:
    """How much of the file, from its start, is the disk."""
    if anatomy is None:
        return file.size
    footer = anatomy.footer
    if footer.current_size != anatomy.place and footer.virtual_size > anatomy.place:
        file.truncated(footer.virtual_size + FOOTER_SIZE, "disk")
    if anatomy.inner is not None and _ends_before(file, anatomy.inner, anatomy.place):
        return anatomy.inner
    return anatomy.place


def _ends_before(file: HostFile, inner: int, end: int) -> bool:
    """Whether nothing of the disk lies behind an older footer at ``inner``."""
    if any(_nonzero(file, inner + FOOTER_SIZE, end)):
        return False
    with Image.over_fd(file.fd, end, path=file.path) as image:
        return all(part.end <= inner for part in image.table.partitions)


def _repairs(file: HostFile, anatomy: Anatomy | None, disk: int) -> Iterator[str]:
    if anatomy is None:
        yield "VHD footer appended"
        return
    if anatomy.trailing:
        yield f"{anatomy.trailing} bytes behind the footer removed"
    if anatomy.inner == disk:
        yield f"disk cut to the {disk} bytes it had before it was converted twice"
    else:
        for problem in vhd_footer.problems_of(anatomy.footer, file.size - anatomy.trailing):
            yield f"footer rewritten: {problem.text}"


def resize_edit(
    file: HostFile, *, old_disk: int, new_disk: int, fixed_vhd: bool, notes: list[str]
) -> Edit:
    """What makes the disk of ``old_disk`` bytes in ``file`` one of ``new_disk``.

    Raises:
        ImageError: ``resize-loses-data``, or ``partition-in-the-way`` of the backup GPT.
    """
    if new_disk < old_disk:
        with Image.over_fd(file.fd, old_disk, path=file.path) as image:
            refuse_loss(image, new_disk)
    kept = min(old_disk, new_disk)
    forgiving = notes if new_disk >= old_disk else None
    return _edit(file, kept, new_disk, fixed_vhd=fixed_vhd, words=[], notes=forgiving)


def refuse_loss(image: Image, size: int) -> None:
    """Refuse to cut a disk to ``size`` bytes when that takes away more than free space.

    Raises:
        ImageError: ``resize-loses-data``.
    """
    table = image.table
    if not table.partitions:
        _refuse("there is no partition that says where its data ends", "shrink it another way")
    for part in table.partitions:
        if part.end > size:
            _refuse(
                f"partition {part.number} reaches to byte {part.end}",
                "shrink the file system and then the partition, in the running guest",
            )
    # The backup GPT at the old end is written anew.
    end = image.virtual_size - (_gpt_bytes(image) if table.kind is TableKind.GPT else 0)
    for extent in image.container.extents().window(size, max(end - size, 0)):
        if extent.kind in (Kind.DATA, Kind.ENCODED):
            _refuse_data(image, extent)


def _refuse_data(image: Image, extent: Extent) -> None:
    for start in range(extent.guest, extent.end, _PIECE):
        piece = image.pread(start, min(_PIECE, extent.end - start))
        zeros = len(piece) - len(piece.lstrip(b"\0"))
        if zeros < len(piece):
            place = start + zeros
            _refuse(f"there is data behind the partitions, at byte {place}", "look what it is")


def _gpt_bytes(image: Image) -> int:
    """How much the backup GPT takes at the end of the disk."""
    gpt = read_gpt(image.pread, image.virtual_size)
    return (gpt.array_sectors + 1) * gpt.sector if gpt else 0


def _refuse(why: str, hint: str) -> None:
    raise ImageError("resize-loses-data", f"the disk cannot become that small: {why}", hint=hint)


def _edit(
    file: HostFile,
    kept: int,
    new_disk: int,
    *,
    fixed_vhd: bool,
    words: list[str],
    notes: list[str] | None,
) -> Edit:
    """The edit that keeps ``kept`` bytes of the disk and makes it ``new_disk`` long.

    A GPT that cannot be moved is noted, or an error where there are no ``notes``.
    """
    table = _table_writes(file, kept, new_disk, notes)
    new_size = new_disk + (FOOTER_SIZE if fixed_vhd else 0)
    planned = [
        *(_footer_writes(file, new_disk) if fixed_vhd else ()),
        *table,
        *_zeros(file, kept, min(file.size, new_disk), table),
    ]
    writes = tuple(
        Write(offset=offset, old=old, new=new)
        for offset, new in planned
        if (old := file.pread(offset, len(new))) != new
    )
    if table:
        words.append("backup GPT written at the end of the disk")
    return Edit(
        old_size=file.size,
        new_size=new_size,
        disk_size=new_disk,
        writes=writes,
        tail=tuple(_tail(file, new_size)),
        words=tuple(words),
    )


def _table_writes(
    file: HostFile, kept: int, new_disk: int, notes: list[str] | None
) -> tuple[tuple[int, bytes], ...]:
    def read_at(offset: int, size: int) -> bytes:
        return file.pread(offset, min(size, kept - offset)) if offset < kept else b""

    try:
        return repartition.backup_gpt_writes(read_at, new_disk)
    except ImageError as error:
        if notes is None:
            raise
        notes.append(f"the GPT was left as it is: {error.message}")
        return ()


def _footer_writes(file: HostFile, new_disk: int) -> Iterator[tuple[int, bytes]]:
    """A new footer, unless the one that is there is right."""
    old = file.pread(new_disk, FOOTER_SIZE)
    if old.startswith(vhd_footer.COOKIE) and len(old) == FOOTER_SIZE:
        problems = vhd_footer.problems_of(vhd_footer.parse(old), new_disk + FOOTER_SIZE)
        if not problems:
            return
    yield new_disk, vhd_footer.build(new_disk)


def _zeros(
    file: HostFile, start: int, end: int, table: tuple[tuple[int, bytes], ...]
) -> Iterator[tuple[int, bytes]]:
    """Zeros for what the file holds between the disk's old end and its new one."""
    for begin, stop in _nonzero(file, start, end):
        zeros = bytearray(stop - begin)
        for offset, data in table:
            if offset < stop and offset + len(data) > begin:
                low, high = max(offset, begin), min(offset + len(data), stop)
                zeros[low - begin : high - begin] = data[low - offset : high - offset]
        yield begin, bytes(zeros)


def _tail(file: HostFile, new_size: int) -> Iterator[Write]:
    """What a cut takes away, unless it is too much to be footers, tables and padding."""
    kept = 0
    for begin, stop in _nonzero(file, new_size, file.size):
        kept += stop - begin
        if kept > _MAX_TAIL:
            _refuse(f"{file.path} holds data behind its new end, at byte {begin}", "make a copy")
        yield Write(offset=begin, old=file.pread(begin, stop - begin), new=b"")


def _nonzero(file: HostFile, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of the file between two places that hold anything but zeros."""
    if start >= end:
        return
    for begin, stop in data_runs(file.fd, start, end):
        for place in range(begin, stop, _PIECE):
            piece = file.pread(place, min(_PIECE, stop - place))
            first = len(piece) - len(piece.lstrip(b"\0"))
            if first < len(piece):
                yield place + first, place + len(piece.rstrip(b"\0"))
