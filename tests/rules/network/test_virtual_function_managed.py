from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    WriteFile,
)
from bootworthy.rules.network.virtual_function_managed import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def managed(more: dict[str, Entry | None] | None = None) -> dict[str, Entry | None]:
    """A guest whose cards NetworkManager configures."""
    return {**unit("NetworkManager.service"), "/etc/network/interfaces": None, **(more or {})}


def test_other_stacks_pass() -> None:
    assert look({}) == ()


def test_a_rule_is_written() -> None:
    (found,) = look(managed())

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, WriteFile)
    assert 'DRIVERS=="hv_pci"' in step.text
    assert look(managed({step.path: step.text})) == ()


def test_the_rule_of_azures_own_package_is_enough() -> None:
    text = 'SUBSYSTEM=="net", DRIVERS=="hv_pci", ENV{NM_UNMANAGED}="1"\n'
    assert look(managed({"/usr/lib/udev/rules.d/10-azure-unmanaged-sriov.rules": text})) == ()
