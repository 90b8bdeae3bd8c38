from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, ResourceSwap
from bootworthy.rules.swap.swappiness_zero import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

PATH = "/etc/sysctl.d/10-memory.conf"


def test_others_pass() -> None:
    assert findings(check, subject(healthy())) == ()
    assert findings(check, subject(healthy({PATH: "vm.swappiness = 1\n"}))) == ()
    later = {PATH: "vm.swappiness=0\n", "/usr/lib/sysctl.d/90.conf": "vm.swappiness=30\n"}
    assert findings(check, subject(healthy(later))) == ()


def test_zero() -> None:
    found = finding(check, subject(healthy({PATH: "# x\nvm/swappiness = 0\n"})))
    assert (found.severity, str(found.place)) == (Severity.NOTE, f"{PATH}:2")


def test_without_swap_it_does_no_harm() -> None:
    intent = Intent(resource_swap=ResourceSwap.NONE)
    files = healthy({PATH: "vm.swappiness=0\n"})
    assert not_applicable(check, subject(files, intent=intent)) == "--resource-swap none"
