from __future__ import annotations

import os
import time

from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.engines.capture import Output, drain
from bootworthy.model.events import Event, ProgramOutput, ignore


def _lines(*parts: bytes) -> list[str]:
    seen: list[Event] = []
    output = Output("apt-get", seen.append)
    for part in parts:
        output.feed(part)
    output.end()
    assert all(isinstance(e, ProgramOutput) and e.program == "apt-get" for e in seen)
    return [event.line for event in seen if isinstance(event, ProgramOutput)]


def test_lines_come_whole_however_they_arrive() -> None:
    assert _lines(b"one\ntw", b"o\r\n", b"\nthree") == ["one", "two", "", "three"]


def test_a_line_without_end_is_cut() -> None:
    assert [len(line) for line in _lines(b"x" * 10_000)] == [4096, 4096, 1808]


def test_only_the_last_part_is_kept() -> None:
    output = Output("x", ignore)
    for number in range(400):
        output.feed(bytes([number % 256]) * 1024)
    assert len(output.end().encode("latin-1", "replace")) <= 256 << 10


@given(st.lists(st.binary(max_size=50)))
def test_nothing_is_lost_or_added(parts: list[bytes]) -> None:
    output = Output("x", ignore)
    for part in parts:
        output.feed(part)
    assert output.end() == b"".join(parts).decode("utf-8", "replace")


def test_drain_ends_with_the_pipe() -> None:
    here, there = os.pipe()
    os.write(there, b"all")
    os.close(there)
    output = Output("x", ignore)
    assert drain({here: output.feed}, time.monotonic() + 10)
    assert output.end() == "all"
    os.close(here)


def test_drain_ends_with_the_time() -> None:
    here, there = os.pipe()
    assert not drain({here: lambda _data: None}, time.monotonic() + 0.05)
    os.close(here)
    os.close(there)
