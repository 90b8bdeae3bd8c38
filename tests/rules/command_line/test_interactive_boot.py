from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.interactive_boot import check
from tests.rules.command_line.menus import arguments_of, booting, look
from tests.rules.healthy import ARGUMENTS, GRUB_CFG, grub_cfg


@pytest.mark.parametrize(
    "arguments",
    [
        ARGUMENTS,
        "init=/lib/systemd/systemd",
        "init=/sbin/openrc-init",
        "init=/nix/store/abc-nixos-system/init",
        "systemd.unit=multi-user.target",
        "systemd.confirm_spawn=no",
        "3",
        "nosingle breaks=1",
    ],
)
def test_a_boot_to_the_end_passes(arguments: str) -> None:
    assert look(check, booting(arguments)) == ()


@pytest.mark.parametrize(
    "token",
    [
        "single",
        "1",
        "S",
        "emergency",
        "rescue",
        "-b",
        "init=/bin/bash",
        "init=/bin/sh",
        "rdinit=/bin/sh",
        "break",
        "break=premount",
        "rd.break",
        "rd.break=pre-mount",
        "systemd.unit=rescue.target",
        "systemd.unit=emergency.target",
        "systemd.confirm_spawn",
        "systemd.confirm_spawn=1",
    ],
)
def test_every_entry_stops(token: str) -> None:
    (found,) = look(check, booting(f"{ARGUMENTS} {token}"))

    assert found.severity is Severity.ERROR
    assert found.message == f"the boot entry that starts by itself stops: {token}"
    assert found.expected == f"no {token}"
    assert found.related == ()
    # The entry for repair stops as well, as it should.
    assert arguments_of(found.fix).remove == (token,)


def test_an_entry_for_repair_may_stop() -> None:
    assert look(check, booting(ARGUMENTS, recovery="emergency")) == ()


def test_an_entry_for_repair_that_starts_by_itself() -> None:
    menu = grub_cfg().replace('set default="0"', 'set default="1>1"')
    assert 'set default="1>1"' in menu

    (found,) = look(check, {GRUB_CFG: menu})

    assert found.place.within.endswith("(recovery mode)")
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
    assert found.fix.title.startswith("make an entry that boots to the end the default")


def test_all_that_stops_is_dropped_at_once() -> None:
    (found,) = look(check, booting("single init=/bin/bash"))
    step = SetKernelArguments(remove=("single", "init=/bin/bash"))
    assert arguments_of(found.fix) == step
