from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.kernel.unbreakable_2 import check
from tests.rules.healthy import GRUB_CFG, KERNEL, grub_cfg, healthy, kernel
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def booted(release: str) -> tuple[Finding, ...]:
    return look({**kernel(release), GRUB_CFG: grub_cfg(release), KERNEL: None})


@pytest.mark.parametrize("release", ["5.15.0-300.163.18.el9uek.x86_64", "2.6.32-754.el6.x86_64"])
def test_others_pass(release: str) -> None:
    assert booted(release) == ()


@pytest.mark.parametrize("release", ["2.6.39-400.215.10.el6uek.x86_64"])
def test_it_is_named(release: str) -> None:
    (found,) = booted(release)

    assert (found.severity, found.found) == (Severity.WARNING, release)
