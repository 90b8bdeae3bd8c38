from __future__ import annotations

import pytest

from bootworthy.cli.progress import _Log, observing
from bootworthy.model.events import (
    BytesMoved,
    Note,
    ProgramOutput,
    StepFinished,
    StepStarted,
    ignore,
)

MIB = 1 << 20


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    log = _Log(verbose=False, clock=clock)
    log(StepStarted("Copy"))
    for second in range(26):
        clock.now = float(second)
        log(BytesMoved("Copy", second * 10 * MIB, 1000 * MIB))

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "Copy: 100.0 MiB of 1000.0 MiB, 10.0 MiB/s, 90 s left",
        "Copy: 200.0 MiB of 1000.0 MiB, 10.0 MiB/s, 80 s left",
    ]


def test_a_finished_step_has_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    log = _Log(verbose=False)
    log(StepFinished("Seal the VHD", 1.25, "512 bytes"))
    log(Note("by the way"))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0].split() == ["[", "1.2", "s]", "Seal", "the", "VHD", "512", "bytes"]
    assert lines[1] == "note: by the way"


@pytest.mark.parametrize(("verbose", "lines"), [(True, 1), (False, 0)])
def test_what_programs_print_is_for_those_who_ask(
    verbose: bool, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    _Log(verbose=verbose)(ProgramOutput("apt-get", "Reading package lists"))

    assert len(capsys.readouterr().err.splitlines()) == lines


@pytest.mark.parametrize(("progress", "quiet"), [("none", False), ("plain", True)])
def test_nothing_is_said_when_nothing_is_wanted(progress: str, quiet: bool) -> None:
    with observing(progress, quiet=quiet, verbose=0) as observer:
        assert observer is ignore


def test_no_bar_where_nobody_watches() -> None:
    with observing("auto", quiet=False, verbose=0) as observer:
        assert isinstance(observer, _Log)
