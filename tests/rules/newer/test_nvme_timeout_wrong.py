from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    SetKernelArguments,
)
from bootworthy.rules.newer.nvme_timeout_wrong import check
from tests.rules.command_line.menus import booting
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


WANTED = Intent(nvme=True)
RIGHT = "nvme_core.io_timeout=240"


def test_it_applies_on_request() -> None:
    assert not_applicable(check, subject(healthy())) == "--nvme is not given"


def test_the_right_value_passes() -> None:
    assert look(booting(RIGHT), WANTED) == ()


@pytest.mark.parametrize(
    ("arguments", "removed"),
    [("ro", ()), ("nvme_core.io_timeout=4294967295", ("nvme_core.io_timeout=4294967295",))],
)
def test_it_is_set(arguments: str, removed: tuple[str, ...]) -> None:
    (found,) = look(booting(arguments), WANTED)

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    assert found.fix.steps == (SetKernelArguments(add=(RIGHT,), remove=removed),)
