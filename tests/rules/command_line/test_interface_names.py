from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.interface_names import check
from tests.rules.command_line.menus import ARM, ENTRIES, arguments_of, booting, look, without
from tests.rules.healthy import ARGUMENTS


def test_classic_names_pass() -> None:
    assert look(check, booting(ARGUMENTS)) == ()
    assert look(check, ARM) == ()


def test_names_by_slots_are_a_note() -> None:
    (found,) = look(check, booting(without("net.ifnames") + " net.ifnames=1"))

    assert found.severity is Severity.NOTE
    assert found.expected == "net.ifnames=0"
    assert len(found.related) == ENTRIES - 1
    assert arguments_of(found.fix) == SetKernelArguments(add=("net.ifnames=0",))
