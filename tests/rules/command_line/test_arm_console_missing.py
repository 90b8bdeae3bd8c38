from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.arm_console_missing import check
from tests.rules.command_line.menus import ARM, arguments_of, booting, look
from tests.rules.healthy import healthy
from tests.rules.making import not_applicable, subject


def test_the_serial_console_of_arm64() -> None:
    assert look(check, {**ARM, **booting("console=tty0 console=ttyAMA0,115200n8")}) == ()


@pytest.mark.parametrize("arguments", ["console=ttyS0", "console=tty0", ""])
def test_there_is_none(arguments: str) -> None:
    (found,) = look(check, {**ARM, **booting(arguments)})

    assert found.severity is Severity.WARNING
    assert found.expected.startswith("console=ttyAMA0, behind")
    assert arguments_of(found.fix) == SetKernelArguments(add=("console=ttyAMA0",))


def test_x64_has_another_port() -> None:
    assert not_applicable(check, subject(healthy())) == "the guest is not Arm64"
