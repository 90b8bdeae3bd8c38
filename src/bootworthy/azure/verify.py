"""Read back what is at Azure and compare it with what was to be sent."""

from __future__ import annotations

import threading

from bootworthy.azure.crew import Crew
from bootworthy.azure.line import Line
from bootworthy.azure.options import TransferOptions
from bootworthy.azure.windows import Windows, overlapping
from bootworthy.disk.vhd_stream import Span, VhdStream
from bootworthy.model.errors import TransferError
from bootworthy.model.events import BytesMoved


def verify(line: Line, stream: VhdStream, options: TransferOptions) -> None:
    """Compare the disk at ``line`` with ``stream``, byte by byte, the footer left out.

    Only ranges that hold data are read; all others have to be zero in the stream.

    Raises:
        TransferError: ``azure-verify-failed``, with the first place found to differ.
    """
    there = tuple(line.spans(stream.disk_size))
    total = sum(end - start for start, end in there)
    windows = Windows(stream, options.window, there)
    done, lock = [0], threading.Lock()

    def compare(window: Span) -> None:
        start, end = window
        expected = stream.pread(start, end - start)
        found = bytearray(end - start)
        for begin, stop in overlapping(there, start, end):
            begin, stop = max(begin, start), min(stop, end)  # noqa: PLW2901 - cut to the window
            found[begin - start : stop - start] = line.read(begin, stop - begin)
            with lock:
                done[0] += stop - begin
        if found != expected:
            raise _differs(line, start + _first_difference(found, expected))

    def report() -> None:
        options.observer(BytesMoved("Read it back", done[0], total))

    Crew(line.pace, options.connections, report).run(windows.next, compare)


def _first_difference(found: bytearray, expected: bytes) -> int:
    pairs = enumerate(zip(found, expected, strict=True))
    return next(place for place, (one, other) in pairs if one != other)


def _differs(line: Line, offset: int) -> TransferError:
    return TransferError(
        "azure-verify-failed",
        f"{line.target.name} differs from the image at byte {offset}",
        hint="send it again with --force; a proxy or another writer changed it",
    )
