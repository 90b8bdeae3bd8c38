from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.crashkernel_auto import check
from tests.rules.command_line.menus import arguments_of, booting, look
from tests.rules.healthy import healthy
from tests.rules.making import not_applicable, subject


@pytest.mark.parametrize("arguments", ["", "crashkernel=256M", "crashkernel=1G-4G:192M,4G-:256M"])
def test_none_or_a_size_of_ones_own_passes(arguments: str) -> None:
    assert look(check, booting(arguments)) == ()


def test_a_guess_is_a_note() -> None:
    (found,) = look(check, booting("crashkernel=auto"))

    assert found.severity is Severity.NOTE
    assert arguments_of(found.fix) == SetKernelArguments(remove=("crashkernel=auto",))


def test_it_is_kept_on_request() -> None:
    kept = Intent(keep_crashkernel=True)
    files = healthy(booting("crashkernel=auto"))
    assert not_applicable(check, subject(files, intent=kept)) == "--keep-crashkernel"
