"""The data of a disk image, moved to a sparse file: holes stay holes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import numpy as np

from bootworthy.disk.container import Container
from bootworthy.disk.extents import Extent, Kind, Rows, clip, cut, extents_of
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.sizes import KIB, MIB
from bootworthy.disk.sparse import DataMap
from bootworthy.disk.writeback import Writeback
from bootworthy.disk.zeros import worth_copying
from bootworthy.model.errors import HostError

if TYPE_CHECKING:
    from bootworthy.disk.ordered import OrderedPool

_CHUNK = 16 * MIB
_REPORT = 4 * MIB

# Read and written with memory that stays in the processor's cache, 0.4 GB took 0.086 s of its time;
# by copy_file_range on ext4 0.076 s, but 0.146 s between places that differ within their pages. No
# file system shares blocks between such places.
_BUFFER = 256 * KIB
_PAGE = 4096

# What one thread decodes before it reports, and how fine zeros in it become holes.
_BATCH = 4 * MIB
_HOLE = 64 * KIB
_ZEROS = bytes(_HOLE)

# Decoded neighbours are written together, up to this: each write takes the file's lock.
_GATHER = 1 * MIB

# Different file systems, overlapping or odd descriptors, not supported: copy by other means.
_CANNOT = frozenset({errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


Place: TypeAlias = Callable[[int, int], Iterable[tuple[int | None, int]]]
"""Where ``length`` bytes of the disk at ``guest`` belong in a file: its offsets and lengths.

Zeros may have no place: the offset is None.
"""


class Method(Enum):
    """How data is moved; each falls back on the next."""

    COPY_FILE_RANGE = "copy_file_range"
    SENDFILE = "sendfile"
    READ_WRITE = "read and write"


@dataclass(frozen=True, kw_only=True)
class CopyResult:
    """What was copied, in bytes of the disk.

    ``data_bytes`` are all that the image stores, ``decoded_bytes`` those of them that were
    compressed, ``written_bytes`` those that were not left a hole. ``method`` moved the rest, except
    between places that differ within their pages.
    """

    data_bytes: int
    decoded_bytes: int
    written_bytes: int
    method: Method


def straight(guest: int, length: int) -> Iterable[tuple[int | None, int]]:
    """The place of a run of the disk in a file that is the disk itself."""
    return ((guest, length),)


def copy_disk(
    container: Container,
    fd: int,
    on_bytes: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    place: Place = straight,
    start: int = 0,
    end: int | None = None,
    on_reached: Callable[[int], None] = lambda _offset: None,
    find_zeros: bool = True,
) -> CopyResult:
    """Copy the disk in ``container`` to the fresh, sparse file behind ``fd``, in place.

    What the file holds in holes of the disk stays. ``on_bytes`` is told how many bytes of data are
    done, and of how many. An interrupt leaves a part of the disk and nothing else behind.

    ``place`` says where in the file a run of the disk belongs; without it the file is the disk,
    and is made as long when it is shorter. Only what lies from ``start`` (an offset that
    ``on_reached`` told before) up to ``end`` is copied; ``on_reached`` is told now and then an
    offset below which all is written. ``find_zeros`` makes holes of long runs of zeros; where files
    share their blocks, leaving them is faster and takes no space either.

    Raises:
        HostError: ``host-no-space``, or ``host-write-failed``.
        ImageError: the image is damaged, or shorter than it says.
    """
    copier = _Copier(container, fd, on_bytes, place, on_reached)
    copier.find_zeros = find_zeros
    try:
        copier.prepare()
        copier.copy(start, container.virtual_size if end is None else end)
    except OSError as error:
        _explain(error, fd)
    return copier.result()


class _Copier:
    """One copy under way."""

    def __init__(
        self,
        container: Container,
        fd: int,
        on_bytes: Callable[[int, int], None],
        place: Place,
        on_reached: Callable[[int], None],
    ) -> None:
        self._container = container
        self._fd = fd
        self._on_bytes = on_bytes
        self._place = place
        self._on_reached = on_reached
        self.find_zeros = True
        self._files = container.files()
        self._data = [DataMap(file.fd) for file in self._files]
        self._pool: OrderedPool[list[Extent], tuple[int, int]] | None = None
        self._decoded = self._total = 0
        self._done = self._reported = self._written = 0
        self._writeback = Writeback(fd)
        self._method = Method.COPY_FILE_RANGE
        self._buffer = memoryview(bytearray(_BUFFER))

    def result(self) -> CopyResult:
        return CopyResult(
            data_bytes=self._total,
            decoded_bytes=self._decoded,
            written_bytes=self._written,
            method=self._method,
        )

    def prepare(self) -> None:
        size = self._container.virtual_size
        if self._place is straight and os.fstat(self._fd).st_size < size:
            os.ftruncate(self._fd, size)

    def copy(self, start: int, end: int) -> None:
        """Go through the disk once; threads decode while this one moves what need not be."""
        rows = _held(self._container.extents().rows, end)
        encoded = rows["kind"] == Kind.ENCODED
        self._total, self._decoded = _sum(rows), int(rows["length"][encoded].sum())
        todo = cut(rows, np.array([start]), np.array([end])) if start else rows
        self._done = self._reported = self._total - _sum(todo)
        self._on_bytes(self._done, self._total)
        if np.any(encoded):
            from bootworthy.disk.ordered import OrderedPool

            self._pool = OrderedPool(self._decode_batch, self._account)
        with self._writeback, self._pool or nullcontext():
            for batch in _batches(todo):
                self._copy_batch(batch)
        for file in self._files:
            file.refuse_shrunk()
        self._on_reached(end)

    def _copy_batch(self, batch: list[Extent]) -> None:
        if self._pool is not None and batch[0].kind is Kind.ENCODED:
            self._pool.submit(batch)
        else:
            self._copy_data(batch)
        self._tell_reached(batch[-1].end)

    def _tell_reached(self, offset: int) -> None:
        waiting = self._pool.first if self._pool else None
        self._on_reached(waiting[0].guest if waiting else offset)

    def _copy_data(self, batch: list[Extent]) -> None:
        for extent in batch:
            file, done = self._files[extent.file], self._done + extent.length
            # A preallocated cluster is data to the image and a hole to the host.
            runs = self._data[extent.file].runs(extent.host, extent.host + extent.length)
            for begin, stop in runs:
                guest = extent.guest + begin - extent.host
                self._copy_run(file, begin, guest, stop - begin)
            self._advance(done - self._done)

    def _copy_run(self, file: HostFile, source: int, guest: int, length: int) -> None:
        for place in range(source, source + length, _CHUNK):
            size = min(_CHUNK, source + length - place)
            runs = worth_copying(file, place, size) if self.find_zeros else ((place, size),)
            for begin, worth in runs:
                self._copy_piece(file, begin, guest + begin - source, worth)
            if place + size < source + length:
                self._tell_reached(guest + place + size - source)

    def _copy_piece(self, file: HostFile, source: int, guest: int, length: int) -> None:
        for target, size in self._place(guest, length):
            if target is not None:
                self._move(file, source, target, size)
                self._writeback.wrote(target, size)
            source += size

    def _advance(self, length: int) -> None:
        self._done += length
        if self._done - self._reported >= _REPORT or self._done == self._total > self._reported:
            self._reported = self._done
            self._on_bytes(self._done, self._total)

    def _move(self, file: HostFile, source: int, target: int, length: int) -> None:
        while length > 0:
            moved = self._move_some(file, source, target, min(length, _CHUNK))
            if moved == 0:
                file.truncated(source + length, "data")
            source, target, length = source + moved, target + moved, length - moved
            self._written += moved
            self._advance(moved)

    def _move_some(self, file: HostFile, source: int, target: int, length: int) -> int:
        """Move up to ``length`` bytes by the best way that works; 0 at the end of the file."""
        moved = 0
        if (source - target) % _PAGE:
            return self._read_and_write(file, source, target, length)
        if self._method is Method.COPY_FILE_RANGE:
            moved = self._try(os.copy_file_range, file.fd, self._fd, length, source, target)
        if not moved and self._method is Method.SENDFILE:
            os.lseek(self._fd, target, os.SEEK_SET)
            moved = self._try(os.sendfile, self._fd, file.fd, source, length)
        if not moved:
            # Also when the kernel moved nothing: some file systems cannot, and do not say so.
            moved = self._read_and_write(file, source, target, length)
        return moved

    def _read_and_write(self, file: HostFile, source: int, target: int, length: int) -> int:
        view = self._buffer[:length]
        file.fill(view, source, "data")
        write_at(self._fd, view, target)
        return len(view)

    def _try(self, move: Callable[..., int], *arguments: int) -> int:
        try:
            return move(*arguments)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        methods = list(Method)
        self._method = methods[methods.index(self._method) + 1]
        return 0

    def _account(self, _batch: list[Extent], outcome: tuple[int, int]) -> None:
        length, written = outcome
        self._written += written
        self._advance(length)

    def _decode_batch(self, batch: list[Extent]) -> tuple[int, int]:
        """Decode and write one batch; how long it is, and what of it was no hole."""
        gathered = _Gathered(self._fd, self._writeback)
        for extent in batch:
            data = self._container.decode(extent)
            for start in range(0, len(data), _HOLE):
                piece = data[start : start + _HOLE]
                if piece != _ZEROS[: len(piece)]:
                    self._gather(gathered, piece, extent.guest + start)
        gathered.flush()
        return sum(extent.length for extent in batch), gathered.written

    def _gather(self, gathered: _Gathered, piece: bytes, guest: int) -> None:
        done = 0
        for target, length in self._place(guest, len(piece)):
            if target is not None:
                gathered.add(piece[done : done + length], target)
            done += length


class _Gathered:
    """Pieces on their way to a file, written together where they continue each other."""

    def __init__(self, fd: int, writeback: Writeback) -> None:
        self.written = 0
        self._fd = fd
        self._writeback = writeback
        self._pieces: list[bytes] = []
        self._start = 0
        self._end = 0

    def add(self, piece: bytes, offset: int) -> None:
        if offset != self._end or self._end - self._start >= _GATHER:
            self.flush()
            self._start = self._end = offset
        self._pieces.append(piece)
        self._end += len(piece)

    def flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        length = self._end - self._start
        if not pieces:
            return
        written = os.pwritev(self._fd, pieces, self._start)
        if written < length:
            write_at(self._fd, b"".join(pieces)[written:], self._start + written)
        self._writeback.wrote(self._start, length)
        self.written += length


def _held(rows: Rows, end: int) -> Rows:
    """What is stored of a disk up to ``end``: of most compressed disks all rows, which are many."""
    held = (rows["kind"] == Kind.DATA) | (rows["kind"] == Kind.ENCODED)
    return clip(rows if np.all(held) else rows[held], end)


def _sum(rows: Rows) -> int:
    return int(rows["length"].sum())


def _batches(rows: Rows) -> Iterator[list[Extent]]:
    """Extents in order, those of a batch of one kind and about as long as is worth a report."""
    batch: list[Extent] = []
    length = 0
    for extent in extents_of(rows):
        if batch and (length >= _BATCH or extent.kind is not batch[0].kind):
            yield batch
            batch, length = [], 0
        batch.append(extent)
        length += extent.length
    if batch:
        yield batch


def write_at(fd: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of ``data`` at ``offset``, leaving the descriptor's own offset alone."""
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


def _explain(error: OSError, fd: int) -> NoReturn:
    path = Path(f"/proc/self/fd/{fd}").readlink()
    if error.errno in _NO_SPACE:
        raise HostError(
            "host-no-space",
            f"there is no space left for {path}",
            hint="make room, or write the output to another file system",
        ) from error
    raise HostError(
        "host-write-failed",
        f"the disk could not be copied to {path}: {error.strerror}",
        hint="check the disk that the output is on",
    ) from error
