from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules.initramfs.host_only import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

CONF = "/etc/initramfs-tools/initramfs.conf"
POLICY = "/etc/initramfs-tools/conf.d/driver-policy"


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


@pytest.mark.parametrize("text", ["MODULES=most\n", "MODULES=netboot\n", "# MODULES=dep\n", ""])
def test_drivers_of_any_machine_pass(text: str) -> None:
    assert look({CONF: text}) == ()


@pytest.mark.parametrize("value", ["dep", "list"])
@pytest.mark.parametrize("path", [CONF, POLICY])
def test_drivers_of_one_machine(path: str, value: str) -> None:
    (found,) = look({path: f"# made by the installer\nMODULES={value}\n"})

    assert found.severity is Severity.WARNING
    assert found.message == "initramfs-tools includes only the drivers of one machine"
    assert found.place.path == path
    assert found.found == f"MODULES={value}"
    assert found.fix is not None
    assert isinstance(found.fix.steps[0], UpdateInitramfs)


def test_a_builder_that_is_not_known() -> None:
    assert look({CONF: "MODULES=dep\n", "/usr/sbin/update-initramfs": None}) == ()
