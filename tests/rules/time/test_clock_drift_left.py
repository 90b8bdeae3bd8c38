from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.time.clock_drift_left import check
from tests.rules.healthy import healthy
from tests.rules.making import findings, subject

PATH = "/etc/adjtime"


def look(text: str) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({PATH: text})))


@pytest.mark.parametrize("text", ["", "0.0 0 0.0\n0\nUTC\n", "0.000000 1 0\n1\nUTC\n", "x y\n"])
def test_no_drift_passes(text: str) -> None:
    assert look(text) == ()
    assert findings(check, subject(healthy())) == ()


def test_a_drift() -> None:
    (found,) = look("-0.25 1700000000 0\n1700000000\nUTC\n")

    assert (found.severity, found.found) == (Severity.NOTE, "drift of -0.25 s a day")
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=(PATH,)),)


def test_local_time() -> None:
    (found,) = look("0.0 0 0.0\n0\nLOCAL\n")
    assert (found.severity, str(found.place)) == (Severity.WARNING, f"{PATH}:3")
