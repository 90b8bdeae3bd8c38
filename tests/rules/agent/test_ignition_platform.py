from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.agent.ignition_platform import check
from tests.rules.command_line.menus import booting
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject


@pytest.mark.parametrize("arguments", ["", "ignition.platform.id=azure"])
def test_azure_and_nothing_pass(arguments: str) -> None:
    assert findings(check, subject(healthy(booting(arguments)))) == ()


def test_another_platform() -> None:
    found = finding(check, subject(healthy(booting("ignition.platform.id=metal"))))

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.steps == (
        SetKernelArguments(
            add=("ignition.platform.id=azure",), remove=("ignition.platform.id=metal",)
        ),
    )
