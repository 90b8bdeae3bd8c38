from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.cloud_init.growth_disabled import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

CONFIG = "/etc/cloud/cloud.cfg.d/20-growth.cfg"
MARKER = "/etc/growroot-disabled"


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


@pytest.mark.parametrize(
    "text", ["", "growpart: {mode: auto}\n", "growpart: none\n", "resize_rootfs: noblock\n"]
)
def test_others_pass(text: str) -> None:
    assert look({CONFIG: text}) == ()


def test_a_marker_that_is_ignored_passes() -> None:
    assert look({MARKER: "", CONFIG: "growpart: {ignore_growroot_disabled: true}\n"}) == ()


def test_a_marker() -> None:
    (found,) = look({MARKER: ""})

    assert (found.severity, found.place.path) == (Severity.WARNING, MARKER)
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=(MARKER,)),)


@pytest.mark.parametrize("text", ["growpart: {mode: 'off'}\n", "resize_rootfs: false\n"])
def test_it_is_configured(text: str) -> None:
    (found,) = look({CONFIG: text})

    assert found.place.path == CONFIG
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
