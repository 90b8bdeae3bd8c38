from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    RemovePaths,
)
from bootworthy.rules.partition.lvm_devices_pinned import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


PATH = "/etc/lvm/devices/system.devices"


def test_no_list_passes() -> None:
    assert look({"/etc/lvm/lvm.conf": "devices {}\n"}) == ()


def test_the_list_is_removed() -> None:
    (found,) = look({PATH: "VERSION=1.1.2\nIDTYPE=sys_wwid IDNAME=t10.VMware\n"})

    assert (found.severity, found.place.path) == (Severity.WARNING, PATH)
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, RemovePaths)
    assert PATH in step.patterns
