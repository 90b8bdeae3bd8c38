"""Fetch a page blob: only what it holds, into a sparse file; a run that broke off can go on."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bootworthy.azure.crew import Crew
from bootworthy.azure.journal import FetchRecord, Journal, default_path
from bootworthy.azure.line import Line
from bootworthy.azure.options import TransferOptions, TransferResult
from bootworthy.azure.pace import Stopped
from bootworthy.azure.page_blob import MAX_BLOB, Properties, refuse_wrong_kind
from bootworthy.azure.target import Target
from bootworthy.azure.windows import used_runs
from bootworthy.disk.copying import write_at
from bootworthy.disk.output import (
    Partial,
    explain,
    finish,
    partial,
    partial_of,
    refuse_existing,
)
from bootworthy.disk.vhd_stream import Span
from bootworthy.model.errors import HostError, TransferError, UsageError
from bootworthy.model.events import BytesMoved, Note, StepFinished, StepStarted
from bootworthy.model.quantities import human_size, plural

_TITLE = "Fetch the disk"

# A run that ends like this leaves what it fetched, for --resume.
_RESUMABLE = (TransferError, HostError, UsageError, KeyboardInterrupt)

# Seconds between two moments at which all that was fetched is on the disk, and noted to be there.
_CHECKPOINT = 5.0


def download(target: Target, path: Path, options: TransferOptions | None = None) -> TransferResult:
    """Write the page blob at ``target`` to a new file at ``path``, holes where it holds nothing.

    The blob has to stay as it is meanwhile. The file appears only when it is whole. What an
    interrupted run fetched lies beside it; ``resume`` goes on with it.

    Raises:
        UsageError: the file exists and ``force`` is not set; the target is no page blob; or a
            download was begun and neither ``resume`` nor ``force`` is set.
        HostError: the SDK is missing, or the file or the journal cannot be written.
        TransferError: there is no such blob, it was changed since the download was begun, Azure
            refuses, or cannot be reached.
    """
    options = options or TransferOptions()
    refuse_existing(path, force=options.force)
    record = options.journal or default_path(target.name, str(path))
    with Line(target, options) as line:
        found = _look(line)
        spans = list(line.spans(found.size))
        with Journal(record, FetchRecord) as journal:
            earlier = _earlier(line, found, journal, path, options)
            with _at_work(path, journal, resume=earlier is not None) as work:
                result = _Fetching(line, work, journal, options).run(found, spans, earlier)
                finish(work, path, force=options.force)
            journal.remove()
    return result


@contextlib.contextmanager
def _at_work(path: Path, journal: Journal[FetchRecord], *, resume: bool) -> Iterator[Partial]:
    """The file at work; it and the journal stay where a later run can go on with them."""
    with partial(path, resume=resume, keep=_RESUMABLE) as work:
        try:
            yield work
        except BaseException as error:
            if not _can_go_on(error) or not journal.windows():
                work.path.unlink(missing_ok=True)
                journal.remove()
            raise


def _can_go_on(error: BaseException) -> bool:
    changed = isinstance(error, TransferError) and error.code == "azure-target-changed"
    return isinstance(error, _RESUMABLE) and not changed


def _look(line: Line) -> Properties:
    found = line.properties()
    if found is None:
        raise TransferError(
            "azure-not-found", f"there is nothing at {line.target.name}", hint="check the address"
        )
    refuse_wrong_kind(line.target, found)
    if not 0 <= found.size <= MAX_BLOB:
        raise UsageError("azure-disk-size", f"{line.target.name} says {found.size} bytes")
    line.pin(found.etag)
    return found


def _earlier(
    line: Line,
    found: Properties,
    journal: Journal[FetchRecord],
    path: Path,
    options: TransferOptions,
) -> FetchRecord | None:
    """The record of an earlier run to go on with, None where this one begins."""
    record = journal.record() if partial_of(path).exists() else None
    if record is None:
        if options.resume:
            options.observer(Note("there is no download to continue; it begins now"))
        return None
    if options.resume:
        if (record.etag, record.size) != (found.etag, found.size):
            raise TransferError(
                "azure-target-changed",
                f"{line.target.name} was changed since the download was begun",
                hint="--force begins again with what it is now",
            )
        return record
    if not options.force:
        raise UsageError(
            "transfer-begun",
            f"a download to {path} was begun and did not end",
            hint="--resume continues it, --force begins again",
        )
    return None


class _Fetching:
    """One download under way, into the file at ``work``."""

    def __init__(
        self, line: Line, work: Partial, journal: Journal[FetchRecord], options: TransferOptions
    ) -> None:
        self._line = line
        self._work = work
        self._journal = journal
        self._options = options
        self._lock = threading.Lock()
        self._ended = False
        self._fetched: list[Span] = []
        self._synced = time.monotonic()
        self._resumed = 0
        self._total = 0

    def run(
        self, found: Properties, spans: list[Span], record: FetchRecord | None
    ) -> TransferResult:
        """Fetch ``spans`` but for those that an earlier run's ``record`` has."""
        began = time.monotonic()
        self._options.observer(StepStarted(_TITLE))
        try:
            record = self._prepared(found, record)
            self._fetch(spans, record.window)
        except OSError as error:
            self._end()
            kept = "what was fetched is kept" if self._journal.windows() else "nothing was kept"
            raise explain(error, self._work.path, kept) from error
        finally:
            self._end()
        seconds = time.monotonic() - began
        self._options.observer(StepFinished(_TITLE, seconds, self._words()))
        return TransferResult(
            target=self._line.target.name,
            size=found.size,
            moved=self._line.moved,
            requests=self._line.requests,
            retries=self._line.retries,
            resumed=self._resumed,
            free=0,
            seconds=seconds,
            verified=False,
        )

    def _words(self) -> str:
        words = f"{human_size(self._line.moved)} in {plural(self._line.requests, 'request')}"
        return words + (f", {human_size(self._resumed)} were there" if self._resumed else "")

    def _prepared(self, found: Properties, record: FetchRecord | None) -> FetchRecord:
        """The record of this run; the file and the journal are emptied unless it goes on."""
        file = os.fstat(self._work.fd).st_ino
        if record is not None and record.file == file and self._work.left_over:
            return record
        if record is not None:
            self._options.observer(Note("what was fetched is not there any more; it begins anew"))
        os.ftruncate(self._work.fd, 0)
        os.ftruncate(self._work.fd, found.size)
        record = FetchRecord(
            target=self._line.target.name,
            size=found.size,
            window=self._options.window,
            etag=found.etag,
            file=file,
        )
        self._journal.begin(record)
        return record

    def _fetch(self, spans: list[Span], window: int) -> None:
        self._total = sum(end - start for start, end in spans)
        there = self._journal.windows()
        self._resumed = sum(end - start for start, end in there)
        pieces = (piece for piece in _pieces(spans, window) if piece not in there)
        taking = threading.Lock()

        def take() -> Span | None:
            with taking:
                return next(pieces, None)

        Crew(self._line.pace, self._options.connections, self._watch).run(take, self._fetch_piece)

    def _fetch_piece(self, piece: Span) -> None:
        start, end = piece
        data = self._line.read(start, end - start)
        runs = list(used_runs(data, start))
        with self._lock:
            # A request that was under way at the end comes too late: the file may be closed.
            if self._ended:
                raise Stopped
            for first, last in runs:
                write_at(self._work.fd, data[first - start : last - start], first)
            self._fetched.append(piece)

    def _watch(self) -> None:
        self._options.observer(
            BytesMoved(_TITLE, min(self._resumed + self._line.moved, self._total), self._total)
        )
        if time.monotonic() - self._synced >= _CHECKPOINT:
            self._checkpoint()

    def _checkpoint(self) -> None:
        """Note what was fetched, once it is on the disk: the journal never runs ahead of it."""
        with self._lock:
            fetched, self._fetched = self._fetched, []
        if fetched:
            os.fdatasync(self._work.fd)
            self._journal.close_window(*fetched)
        self._synced = time.monotonic()

    def _end(self) -> None:
        """Write nothing any more, and note as much as can be noted of what was fetched."""
        with self._lock:
            self._ended = True
        # Where this fails too, the error that is under way says why.
        with contextlib.suppress(OSError, HostError):
            self._checkpoint()


def _pieces(spans: list[Span], size: int) -> Iterator[Span]:
    for start, end in spans:
        for begin in range(start, end, size):
            yield begin, min(begin + size, end)
