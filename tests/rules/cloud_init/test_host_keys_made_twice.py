from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.cloud_init.host_keys_made_twice import DROP_IN, check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

UNIT = "/usr/lib/systemd/system/sshd-keygen@.service"
TEMPLATE: dict[str, Entry | None] = {UNIT: "[Service]\nExecStart=/bin/true\n"}
VENDORS = DROP_IN.path.replace("/etc/", "/usr/lib/")


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def test_a_guest_without_the_unit_passes() -> None:
    assert look({}) == ()


def test_a_unit_that_stands_back_passes() -> None:
    assert look({**TEMPLATE, VENDORS: "x"}) == ()
    assert look({**TEMPLATE, DROP_IN.path: DROP_IN.text}) == ()
    masked = {"/etc/systemd/system/sshd-keygen@.service": Link("/dev/null")}
    assert look({**TEMPLATE, **masked}) == ()


def test_without_cloud_init_it_is_the_only_one() -> None:
    assert look({**TEMPLATE, "/etc/cloud/cloud-init.disabled": ""}) == ()


def test_both_make_keys() -> None:
    (found,) = look(TEMPLATE)

    assert (found.severity, found.place.path) == (Severity.NOTE, UNIT)
    assert found.fix is not None
    assert found.fix.steps == (DROP_IN,)
