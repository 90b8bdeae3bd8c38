from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    UpdateInitramfs,
)
from bootworthy.rules.newer.nvme_driver_missing import check
from tests.rules.healthy import EARLY, INITRAMFS, healthy, initramfs, kernel, without
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


WANTED = Intent(nvme=True)


def test_it_applies_on_request() -> None:
    assert not_applicable(check, subject(healthy())) == "--nvme is not given"


def test_both_drivers_inside_pass() -> None:
    assert look({INITRAMFS: initramfs((*EARLY, "nvme-core", "pci-hyperv"))}, WANTED) == ()


def test_they_are_put_into_the_initramfs() -> None:
    (found,) = look({}, WANTED)

    assert found.severity is Severity.ERROR
    assert "pci_hyperv" in found.found
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, UpdateInitramfs)
    assert {"nvme", "pci_hyperv"} <= set(step.modules)


def test_a_kernel_without_them() -> None:
    (found,) = look(kernel(loadable=without("pci-hyperv")), WANTED)  # type: ignore[arg-type]

    assert found.found == "no pci_hyperv"
    assert found.fix is not None
    assert found.fix.steps == ()
