"""A rehearsal on a machine that has no time for it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.rehearsal.pressure import Pressure

_TEXT = "some avg10=1.00 avg60=1.00 avg300=1.00 total={}\nfull avg10=0.00 avg60=0.00 total=9\n"


@pytest.mark.parametrize(("waited", "busy"), [(0, False), (10**12, True)])
def test_it_tells_of_a_busy_machine(waited: int, busy: bool, tmp_path: Path) -> None:
    file = tmp_path / "cpu"
    file.write_text(_TEXT.format(5))
    pressure = Pressure(file)
    file.write_text(_TEXT.format(5 + waited))

    assert ("100 % of the time" in pressure.note()) is busy


@pytest.mark.parametrize("text", [None, "", "some total=x\n"])
def test_a_kernel_that_does_not_count_says_nothing(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "cpu"
    if text is not None:
        file.write_text(text)

    assert Pressure(file).note() == ""
