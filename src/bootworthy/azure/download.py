"""Fetch a page blob: only what it holds, into a sparse file."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bootworthy.azure.crew import Crew
from bootworthy.azure.line import Line
from bootworthy.azure.options import TransferOptions, TransferResult
from bootworthy.azure.page_blob import MAX_BLOB, refuse_wrong_kind
from bootworthy.azure.target import Target
from bootworthy.azure.windows import used_runs
from bootworthy.disk.copying import write_at
from bootworthy.disk.output import new_file
from bootworthy.disk.vhd_stream import Span
from bootworthy.model.errors import TransferError, UsageError
from bootworthy.model.events import BytesMoved, StepFinished, StepStarted
from bootworthy.model.quantities import human_size, plural

_TITLE = "Fetch the disk"


def download(target: Target, path: Path, options: TransferOptions | None = None) -> TransferResult:
    """Write the page blob at ``target`` to a new file at ``path``, holes where it holds nothing.

    The blob has to stay as it is meanwhile. The file appears only when it is whole.

    Raises:
        UsageError: the file exists and ``force`` is not set, or the target is no page blob.
        HostError: the SDK is missing, or the file cannot be written.
        TransferError: there is no such blob, Azure refuses, or cannot be reached.
    """
    options = options or TransferOptions()
    began = time.monotonic()
    with Line(target, options) as line:
        size = _size_of(line)
        with new_file(path, size, force=options.force) as fd:
            options.observer(StepStarted(_TITLE))
            _fetch(line, fd, size, options)
            words = f"{human_size(line.moved)} in {plural(line.requests, 'request')}"
            options.observer(StepFinished(_TITLE, time.monotonic() - began, words))
        return TransferResult(
            target=target.name,
            size=size,
            moved=line.moved,
            requests=line.requests,
            retries=line.retries,
            resumed=0,
            free=0,
            seconds=time.monotonic() - began,
            verified=False,
        )


def _size_of(line: Line) -> int:
    found = line.properties()
    if found is None:
        raise TransferError(
            "azure-not-found", f"there is nothing at {line.target.name}", hint="check the address"
        )
    refuse_wrong_kind(line.target, found)
    if not 0 <= found.size <= MAX_BLOB:
        raise UsageError("azure-disk-size", f"{line.target.name} says {found.size} bytes")
    line.pin(found.etag)
    return found.size


def _fetch(line: Line, fd: int, size: int, options: TransferOptions) -> None:
    spans = list(line.spans(size))
    total = sum(end - start for start, end in spans)
    pieces, taking = _pieces(spans, options.window), threading.Lock()

    def take() -> Span | None:
        with taking:
            return next(pieces, None)

    def fetch(piece: Span) -> None:
        data = line.read(piece[0], piece[1] - piece[0])
        for start, end in used_runs(data, piece[0]):
            write_at(fd, data[start - piece[0] : end - piece[0]], start)

    def report() -> None:
        options.observer(BytesMoved(_TITLE, line.moved, total))

    Crew(line.pace, options.connections, report).run(take, fetch)


def _pieces(spans: list[Span], size: int) -> Iterator[Span]:
    for start, end in spans:
        for begin in range(start, end, size):
            yield begin, min(begin + size, end)
