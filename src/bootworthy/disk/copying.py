"""The data of a disk image, moved to a sparse file: holes stay holes."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NoReturn

from bootworthy.disk.container import Container
from bootworthy.disk.extents import Extent, Kind
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.sizes import KIB, MIB
from bootworthy.disk.sparse import data_runs
from bootworthy.model.errors import HostError

# A reflink of this takes microseconds, a copy a tenth of a second: an interrupt need not wait long.
_CHUNK = 64 * MIB
_REPORT = 4 * MIB
_BUFFER = 4 * MIB

# What one thread decodes before it reports, and how fine zeros in it become holes.
_BATCH = 4 * MIB
_HOLE = 64 * KIB
_ZEROS = bytes(_HOLE)

# Different file systems, overlapping or odd descriptors, not supported: copy by other means.
_CANNOT = frozenset({errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class Method(Enum):
    """How data is moved; each falls back on the next."""

    COPY_FILE_RANGE = "copy_file_range"
    SENDFILE = "sendfile"
    READ_WRITE = "read and write"


@dataclass(frozen=True, kw_only=True)
class CopyResult:
    """What was copied, in bytes of the disk.

    ``data_bytes`` are all that the image stores, ``decoded_bytes`` those of them that were
    compressed, ``written_bytes`` those that were not left a hole. ``method`` moved the rest.
    """

    data_bytes: int
    decoded_bytes: int
    written_bytes: int
    method: Method


def copy_disk(
    container: Container, fd: int, on_bytes: Callable[[int, int], None] = lambda _done, _total: None
) -> CopyResult:
    """Copy the disk in ``container`` to the fresh, sparse file behind ``fd``, in place.

    The file is made as long as the disk when it is shorter; what it holds in holes of the disk
    stays. ``on_bytes`` is told how many bytes of data are done, and of how many. An interrupt
    leaves a part of the disk and nothing else behind.

    Raises:
        HostError: ``host-no-space``, or ``host-write-failed``.
        ImageError: the image is damaged, or shorter than it says.
    """
    copier = _Copier(container, fd, on_bytes)
    try:
        copier.prepare()
        copier.copy_data()
        copier.copy_encoded()
    except OSError as error:
        _explain(error, fd)
    return copier.result()


class _Copier:
    """One copy under way."""

    def __init__(self, container: Container, fd: int, on_bytes: Callable[[int, int], None]) -> None:
        self._container = container
        self._fd = fd
        self._on_bytes = on_bytes
        self._extents = container.extents()
        self._decoded = self._extents.bytes_of(Kind.ENCODED)
        self._total = self._extents.bytes_of(Kind.DATA) + self._decoded
        self._done = 0
        self._reported = 0
        self._written = 0
        self._method = Method.COPY_FILE_RANGE

    def result(self) -> CopyResult:
        return CopyResult(
            data_bytes=self._total,
            decoded_bytes=self._decoded,
            written_bytes=self._written,
            method=self._method,
        )

    def prepare(self) -> None:
        if os.fstat(self._fd).st_size < self._container.virtual_size:
            os.ftruncate(self._fd, self._container.virtual_size)
        self._on_bytes(0, self._total)

    def copy_data(self) -> None:
        files = self._container.files()
        for extent in self._extents.of_kind(Kind.DATA):
            file, done = files[extent.file], self._done + extent.length
            # A preallocated cluster is data to the image and a hole to the host.
            for start, end in data_runs(file.fd, extent.host, extent.host + extent.length):
                self._move(file, start, extent.guest + start - extent.host, end - start)
            self._advance(done - self._done)
        for file in files:
            file.refuse_shrunk()

    def _advance(self, length: int) -> None:
        self._done += length
        if self._done - self._reported >= _REPORT or self._done == self._total:
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
        if self._method is Method.COPY_FILE_RANGE:
            moved = self._try(os.copy_file_range, file.fd, self._fd, length, source, target)
        if not moved and self._method is Method.SENDFILE:
            os.lseek(self._fd, target, os.SEEK_SET)
            moved = self._try(os.sendfile, self._fd, file.fd, source, length)
        if not moved:
            # Also when the kernel moved nothing: some file systems cannot, and do not say so.
            data = file.pread(source, min(length, _BUFFER))
            write_at(self._fd, data, target)
            moved = len(data)
        return moved

    def _try(self, move: Callable[..., int], *arguments: int) -> int:
        try:
            return move(*arguments)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        methods = list(Method)
        self._method = methods[methods.index(self._method) + 1]
        return 0

    def copy_encoded(self) -> None:
        if not self._decoded:
            return
        workers = os.cpu_count() or 1
        pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        waiting: deque[Future[tuple[int, int]]] = deque()
        try:
            for batch in _batches(self._extents.of_kind(Kind.ENCODED)):
                waiting.append(pool.submit(self._decode_batch, batch))
                if len(waiting) > 2 * workers:
                    self._account(waiting.popleft())
            while waiting:
                self._account(waiting.popleft())
        finally:
            # No thread may write once the caller has the descriptor back.
            pool.shutdown(wait=True, cancel_futures=True)

    def _account(self, future: Future[tuple[int, int]]) -> None:
        length, written = future.result()
        self._written += written
        self._advance(length)

    def _decode_batch(self, batch: list[Extent]) -> tuple[int, int]:
        written = 0
        for extent in batch:
            data = self._container.decode(extent)
            for start in range(0, len(data), _HOLE):
                piece = data[start : start + _HOLE]
                if piece != _ZEROS[: len(piece)]:
                    write_at(self._fd, piece, extent.guest + start)
                    written += len(piece)
        return sum(extent.length for extent in batch), written


def _batches(extents: Iterator[Extent]) -> Iterator[list[Extent]]:
    batch: list[Extent] = []
    length = 0
    for extent in extents:
        batch.append(extent)
        length += extent.length
        if length >= _BATCH:
            yield batch
            batch, length = [], 0
    if batch:
        yield batch


def write_at(fd: int, data: bytes, offset: int) -> None:
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
