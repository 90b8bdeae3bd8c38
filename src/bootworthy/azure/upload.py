"""Send any disk image to Azure as a fixed VHD, in ranges, with nothing written in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bootworthy.azure.begin import Beginning, begin
from bootworthy.azure.crew import Crew
from bootworthy.azure.identity import state_of
from bootworthy.azure.journal import Journal, Record, default_path
from bootworthy.azure.limits import refuse_sizes
from bootworthy.azure.line import Line
from bootworthy.azure.options import TransferOptions, TransferResult
from bootworthy.azure.target import Target
from bootworthy.azure.verify import verify
from bootworthy.azure.windows import Windows, overlapping, runs
from bootworthy.disk.container import Container
from bootworthy.disk.free_space import free_spans
from bootworthy.disk.vhd_stream import Span, VhdStream
from bootworthy.model.errors import ImageError
from bootworthy.model.events import BytesMoved, StepFinished, StepStarted
from bootworthy.model.quantities import human_size, plural


def upload(
    container: Container, target: Target, options: TransferOptions | None = None
) -> TransferResult:
    """Send the disk in ``container`` to ``target`` as a fixed VHD.

    Ranges that are zero, holes and unused blocks of file systems do not travel; the footer goes
    last. What an interrupted run sent stays sent: the journal knows it, and ``resume`` goes on.

    Raises:
        UsageError: the target exists, or is of another size; the disk is too large or too small.
        ImageError: the image is damaged, or changed while it was sent.
        HostError: the SDK is missing, or the journal cannot be written.
        TransferError: Azure refuses, or nothing got through for too long; it can be resumed.
    """
    options = options or TransferOptions()
    free = free_spans(container.pread, container.virtual_size) if options.skip_free else ()
    stream = VhdStream(container, free=free)
    refuse_sizes(stream.disk_size, managed=target.managed)
    path = options.journal or default_path(target.name, container.path)
    with Line(target, options) as line, Journal(path, Record) as journal:
        beginning = begin(line, stream, journal, options)
        stream.footer = bytes.fromhex(beginning.record.footer)
        result = _Upload(line, stream, journal, beginning, options).run()
        journal.remove()
    return result


class _Upload:
    """One upload under way."""

    def __init__(
        self,
        line: Line,
        stream: VhdStream,
        journal: Journal[Record],
        beginning: Beginning,
        options: TransferOptions,
    ) -> None:
        self._line = line
        self._stream = stream
        self._journal = journal
        self._record = beginning.record
        self._options = options
        self._finished = journal.windows() if beginning.continued else frozenset()
        self._resumed = journal.sent_bytes() if beginning.continued else 0
        self._state = state_of(stream.container)
        self._lock = threading.Lock()
        self._own = threading.local()
        self._done = 0
        self._total = sum(end - start for start, end in stream.data_spans())

    def run(self) -> TransferResult:
        began = time.monotonic()
        self._step("Send the disk", self._send, self._words)
        sent, requests = self._line.moved, self._line.requests
        if self._options.verify:
            self._step("Read it back", self._read_back)
        self._refuse_changed_source()
        self._line.write(self._stream.disk_size, self._stream.footer)
        return TransferResult(
            target=self._line.target.name,
            size=self._stream.size,
            moved=sent + len(self._stream.footer),
            requests=requests + 1,
            retries=self._line.retries,
            resumed=self._resumed,
            free=self._stream.free_bytes,
            seconds=time.monotonic() - began,
            verified=self._options.verify,
        )

    def _step(
        self, title: str, action: Callable[[], None], words: Callable[[], str] = lambda: ""
    ) -> None:
        self._options.observer(StepStarted(title))
        began = time.monotonic()
        action()
        self._options.observer(StepFinished(title, time.monotonic() - began, words()))

    def _words(self) -> str:
        moved, size = self._line.moved, self._stream.size
        kept = size - moved - self._resumed
        words = f"{human_size(moved)} in {plural(self._line.requests, 'request')}"
        words += f", {human_size(max(kept, 0))} of zeros, holes and free blocks not sent"
        if self._resumed:
            words += f", {human_size(self._resumed)} had arrived before"
        return words

    def _send(self) -> None:
        windows = Windows(self._stream, self._record.window, self._record.foreign)
        crew = Crew(self._line.pace, self._options.connections, self._report)
        crew.run(windows.next, self._send_window)

    def _report(self) -> None:
        done = min(self._done, self._total)
        self._options.observer(BytesMoved("Send the disk", done, self._total))

    def _send_window(self, window: Span) -> None:
        start, end = window
        if window not in self._finished:
            data = self._buffer(end - start)
            self._stream.fill(data, start)
            arrived = self._journal.spans(start, end) if self._resumed else frozenset()
            for span in runs(data, start, overlapping(self._record.foreign, start, end)):
                if span not in arrived:
                    self._line.write(span[0], data[span[0] - start : span[1] - start])
                    self._journal.add(span)
            self._journal.close_window(window)
        with self._lock:
            self._done += end - start

    def _buffer(self, size: int) -> memoryview:
        """This thread's memory for a window."""
        if not hasattr(self._own, "buffer"):
            self._own.buffer = memoryview(bytearray(self._record.window))
        buffer: memoryview = self._own.buffer
        return buffer[:size]

    def _read_back(self) -> None:
        verify(self._line, self._stream, self._options)

    def _refuse_changed_source(self) -> None:
        """A guest that still runs writes to its disk: what arrived is a mix of two states."""
        container = self._stream.container
        if state_of(container) != self._state:
            raise ImageError(
                "source-changed",
                f"{container.path} was written to while it was sent",
                hint="stop what writes to it, then begin again with --force",
            )
