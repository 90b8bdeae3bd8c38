from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import SetKeys, WriteFile
from bootworthy.rules.network.networking_off import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, findings, subject

PATH = "/etc/sysconfig/network"
SCRIPTS: dict[str, Entry | None] = {"/etc/sysconfig/network-scripts/ifup": "x"}


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({**SCRIPTS, **changes})))


def test_scripts_that_are_on_pass() -> None:
    assert look({PATH: "NETWORKING=yes\n", **unit("network.service")}) == ()
    assert look({PATH: "# Created by anaconda\n", **unit("network.service")}) == ()
    assert look({}) == ()


def test_a_guest_without_the_scripts_passes() -> None:
    assert findings(check, subject(healthy({PATH: "NETWORKING=no\n"}))) == ()


def test_they_are_off() -> None:
    (found,) = look({PATH: "NETWORKING=no\nHOSTNAME=x\n", **unit("network.service")})

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.steps == (SetKeys(path=PATH, settings=(("NETWORKING", "yes"),)),)


def test_the_file_they_want_is_not_there() -> None:
    (found,) = look({**unit("network.service")})

    assert (found.severity, found.found) == (Severity.ERROR, "no such file")
    assert found.fix is not None
    assert found.fix.steps == (WriteFile(path=PATH, text="NETWORKING=yes\n"),)


def test_network_manager_takes_no_notice() -> None:
    (found,) = look({PATH: "NETWORKING=no\n"})
    assert found.severity is Severity.NOTE
