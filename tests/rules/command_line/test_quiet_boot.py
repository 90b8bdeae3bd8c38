from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.quiet_boot import check
from tests.rules.command_line.menus import arguments_of, booting, look
from tests.rules.healthy import ARGUMENTS


@pytest.mark.parametrize("arguments", [ARGUMENTS, "quieter=1", "splash=off", "loglevel=7"])
def test_a_boot_that_talks(arguments: str) -> None:
    assert look(check, booting(arguments)) == ()


@pytest.mark.parametrize("token", ["quiet", "rhgb", "splash", "splash=silent", "splash=verbose"])
def test_a_boot_that_does_not(token: str) -> None:
    (found,) = look(check, booting(f"{ARGUMENTS} {token}", recovery=""))

    assert found.severity is Severity.WARNING
    assert found.message == f"{token} hides the boot messages"
    assert found.expected == f"no {token}"
    assert arguments_of(found.fix) == SetKernelArguments(remove=(token,))


def test_all_words_are_one_finding() -> None:
    (found,) = look(check, booting("quiet splash", recovery="rhgb quiet"))
    assert arguments_of(found.fix) == SetKernelArguments(remove=("quiet", "splash", "rhgb"))
