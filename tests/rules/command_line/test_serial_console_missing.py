from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.serial_console_missing import check
from tests.rules.command_line.menus import ARM, ENTRIES, arguments_of, booting, look
from tests.rules.healthy import healthy
from tests.rules.making import not_applicable, subject


@pytest.mark.parametrize(
    "arguments",
    ["console=ttyS0", "console=tty0 console=ttyS0,115200n8", "console=ttyS0 console=ttyS0,9600"],
)
def test_the_serial_console_comes_last(arguments: str) -> None:
    assert look(check, booting(arguments)) == ()


@pytest.mark.parametrize("arguments", ["quiet", "console=tty0", "console=ttyS1", "console=hvc0"])
def test_there_is_none(arguments: str) -> None:
    (found,) = look(check, booting(arguments))

    assert found.severity is Severity.WARNING
    assert found.message == "the serial console is not the kernel's console"
    assert found.expected == "console=ttyS0, behind every other console="
    assert len(found.related) == ENTRIES - 1
    assert arguments_of(found.fix) == SetKernelArguments(add=("console=ttyS0",))


def test_another_console_comes_last() -> None:
    (found,) = look(check, booting("console=ttyS0,115200n8 console=tty0"))

    serial = "console=ttyS0,115200n8"
    assert arguments_of(found.fix) == SetKernelArguments(add=(serial,), remove=(serial,))


def test_recovery_entries_count() -> None:
    (found,) = look(check, booting("console=ttyS0", recovery=""))

    assert found.place.within.endswith("(recovery mode)")


def test_arm64_has_another_port() -> None:
    assert not_applicable(check, subject(healthy(ARM))) == "the guest is not x64"
