from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.cloud_init_disabled import check
from tests.rules.command_line.menus import arguments_of, booting, look
from tests.rules.healthy import ARGUMENTS, healthy
from tests.rules.making import not_applicable, subject


@pytest.mark.parametrize(
    "arguments",
    [ARGUMENTS, "cloud-init=enabled", "ds=azure", "ds=Azure", "ci.ds=azure;x=y", "rds=1"],
)
def test_cloud_init_looks_at_azure(arguments: str) -> None:
    assert look(check, booting(arguments)) == ()


def test_the_network_may_be_the_distributions() -> None:
    assert look(check, booting("network-config=disabled")) == ()


@pytest.mark.parametrize(
    "token",
    [
        "cloud-init=disabled",
        "cloud-init.disabled",
        "ds=nocloud",
        "ds=nocloud;s=https://example.org/",
        "ds=ec2",
        "ci.ds=None",
        "ci.datasource=OpenStack",
    ],
)
def test_cloud_init_does_not(token: str) -> None:
    (found,) = look(check, booting(f"{ARGUMENTS} '{token}'"))

    assert found.severity is Severity.ERROR
    assert found.message == f"{token} keeps cloud-init from its work"
    assert arguments_of(found.fix) == SetKernelArguments(remove=(token,))


def test_when_it_does_not_matter() -> None:
    off = booting("cloud-init=disabled")
    moved = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(healthy(off), intent=moved)).startswith("the image is sp")
    agent = healthy({**off, "/usr/bin/cloud-init": None})
    assert not_applicable(check, subject(agent)) == "cloud-init is not installed"
