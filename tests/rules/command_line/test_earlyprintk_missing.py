from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.earlyprintk_missing import check
from tests.rules.command_line.menus import ARM, arguments_of, booting, look, without
from tests.rules.healthy import healthy
from tests.rules.making import not_applicable, subject


@pytest.mark.parametrize(
    "value", ["ttyS0", "ttyS0,115200", "ttyS0,115200,keep", "serial", "serial,ttyS0,115200"]
)
def test_the_first_port_by_any_name(value: str) -> None:
    assert look(check, booting(f"earlyprintk={value}")) == ()


@pytest.mark.parametrize(
    "arguments", [without("earlyprintk"), "earlyprintk=vga", "earlyprintk=ttyS1", "earlyprintk"]
)
def test_it_is_missing(arguments: str) -> None:
    (found,) = look(check, booting(arguments))

    assert found.severity is Severity.NOTE
    assert found.expected == "earlyprintk=ttyS0"
    assert arguments_of(found.fix) == SetKernelArguments(add=("earlyprintk=ttyS0",))


def test_arm64_knows_no_such_argument() -> None:
    assert not_applicable(check, subject(healthy(ARM))) == "the guest is not x64"
