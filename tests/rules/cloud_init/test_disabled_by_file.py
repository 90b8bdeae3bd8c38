from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.cloud_init.disabled_by_file import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

MARKER = "/etc/cloud/cloud-init.disabled"
POLICY = "/etc/cloud/ds-identify.cfg"


@pytest.mark.parametrize("text", [None, "policy: search,found=all\n", "# policy: disabled\n"])
def test_nothing_disables_it(text: str | None) -> None:
    assert findings(check, subject(healthy({POLICY: text}))) == ()


def test_a_marker() -> None:
    found = finding(check, subject(healthy({MARKER: ""})))

    assert found.severity is Severity.ERROR
    assert found.found == "the file is there"
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=(MARKER,)),)


def test_a_policy() -> None:
    found = finding(check, subject(healthy({POLICY: "# ours\npolicy: disabled\n"})))

    assert str(found.place) == f"{POLICY}:2"
    assert found.found == "policy: disabled"


def test_both() -> None:
    assert len(findings(check, subject(healthy({MARKER: "", POLICY: "policy: disabled\n"})))) == 2


def test_a_marker_that_leads_nowhere_is_none() -> None:
    assert findings(check, subject(healthy({MARKER: Link("/gone")}))) == ()


def test_the_agent_provisions_instead() -> None:
    files = healthy({MARKER: "", "/etc/waagent.conf": "Provisioning.Agent=auto\n"})
    assert finding(check, subject(files)).severity is Severity.WARNING


def test_a_specialized_image_may_have_it_off() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(healthy({MARKER: ""}), intent=specialized))
