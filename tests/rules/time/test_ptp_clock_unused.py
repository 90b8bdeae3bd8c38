from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.time.ptp_clock_unused import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


CONF = "/etc/chrony/chrony.conf"
CLOCK = "refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2\n"


def test_without_chrony_there_is_nothing_to_say() -> None:
    assert look({}) == ()


@pytest.mark.parametrize(
    "files",
    [
        {CONF: CLOCK},
        {CONF: "confdir /etc/chrony/conf.d\n", "/etc/chrony/conf.d/azure.conf": CLOCK},
        {CONF: "include /etc/chrony/*.inc\n", "/etc/chrony/a.inc": CLOCK},
        {"/etc/chrony.conf": "refclock PHC /dev/ptp0 poll 3\n"},
    ],
)
def test_the_hosts_clock_passes(files: dict[str, Entry | None]) -> None:
    assert look(files) == ()


@pytest.mark.parametrize("text", ["pool pool.ntp.org iburst\n", "# " + CLOCK, "refclock PHC\n"])
def test_without_it_a_note(text: str) -> None:
    (found,) = look({CONF: text})

    assert (found.severity, found.place.path) == (Severity.NOTE, CONF)
    assert found.fix is not None
    assert found.fix.steps == ()


def test_files_that_include_each_other_end() -> None:
    assert len(look({CONF: f"include {CONF}\ninclude {CONF}\n"})) == 1
