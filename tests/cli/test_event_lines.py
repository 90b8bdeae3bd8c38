"""Events for programs, by a real run that edits a file tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootworthy.cli.event_lines import EventLines, as_data, both
from bootworthy.cli.progress import observing
from bootworthy.model.events import BytesMoved, Event, Note, StepStarted

BOOTWORTHY = Path(sys.executable).parent / "bootworthy"


def test_each_event_is_one_line_of_json() -> None:
    reader, writer = os.pipe()
    lines = EventLines(writer)
    for event in (StepStarted("Copy"), BytesMoved("Copy", 5, 9), Note("a\nb \udcff")):
        lines(event)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        read = [json.loads(line) for line in stream]

    assert read == [
        {"event": "step-started", "title": "Copy"},
        {"event": "bytes-moved", "title": "Copy", "done": 5, "total": 9},
        {"event": "note", "text": "a\nb \udcff"},
    ]


def test_a_reader_that_went_away_stops_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    seen: list[Event] = []
    observer = both(EventLines(writer), seen.append)
    for _ in range(3):
        observer(Note("x"))
    os.close(writer)

    assert len(seen) == 3


def test_every_event_has_a_name_of_its_own() -> None:
    assert as_data(StepStarted("x"))["event"] == "step-started"


@pytest.mark.parametrize("fd", ["99", "-1", "x", "99999999999999999999"])
def test_a_descriptor_that_is_not_open_is_refused(fd: str, tmp_path: Path) -> None:
    argv = [str(BOOTWORTHY), "check", "--root", str(tmp_path), "--events-fd", fd]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "is no file descriptor" in done.stderr


@pytest.mark.parametrize("progress", ["none", "plain"])
def test_the_option_adds_to_what_people_see(
    progress: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    with observing(progress, quiet=False, verbose=0, events_fd=writer) as observer:
        observer(Note("hello"))
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        assert json.loads(stream.read()) == {"event": "note", "text": "hello"}

    assert capsys.readouterr().err == ("note: hello\n" if progress == "plain" else "")


def test_progress_as_json_goes_to_standard_error() -> None:
    script = (
        "from bootworthy.cli.progress import observing\n"
        "from bootworthy.model.events import Note\n"
        "with observing('json', quiet=True, verbose=0) as observer: observer(Note('x'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stderr) == {"event": "note", "text": "x"}
    assert done.stdout == ""
