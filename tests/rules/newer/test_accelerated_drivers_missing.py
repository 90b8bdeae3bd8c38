from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.newer.accelerated_drivers_missing import check
from tests.rules.healthy import GRUB_CFG, KERNEL, grub_cfg, healthy, kernel, without
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_all_drivers_pass() -> None:
    assert look({}) == ()


def test_the_missing_ones_are_named() -> None:
    (found,) = look(kernel(loadable=without("mana", "mlx5_core")))  # type: ignore[arg-type]

    assert found.severity is Severity.NOTE
    assert found.found == "no mlx5_core, mana"


def test_mana_is_asked_of_no_kernel_before_it() -> None:
    old = "5.10.0-46-amd64"
    files = {GRUB_CFG: grub_cfg(old), **kernel(old, loadable=without("mana"))}
    assert look({**files, KERNEL: None}) == ()
