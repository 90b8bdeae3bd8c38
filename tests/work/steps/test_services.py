from __future__ import annotations

import pytest

from bootworthy.model.steps import DisableUnits, EnableUnits
from bootworthy.work.steps.services import disable, enable
from bootworthy.work.target import StepFailedError
from tests.guest.memory import Dir
from tests.work.steps.targets import target


def test_openrc_of_alpine() -> None:
    done = target(
        {
            "/sbin/openrc": "",
            "/etc/runlevels/default": Dir(),
            "/etc/init.d/sshd": "#!/sbin/openrc\n",
        }
    )
    enable(EnableUnits(units=("sshd.service",)), done)

    assert done.guest.services.unit("sshd.service").starts
    assert done.tree.readlink("/etc/runlevels/default/sshd") == "/etc/init.d/sshd"


def test_scripts_of_system_v() -> None:
    done = target(
        {"/sbin/init": "upstart", "/etc/inittab": "", "/etc/init.d/waagent": "#!/bin/sh\n"}
    )
    enable(EnableUnits(units=("waagent.service",)), done)

    assert done.guest.services.unit("waagent.service").starts
    assert done.tree.is_link("/etc/rc3.d/S01waagent")


def test_what_is_not_there() -> None:
    with pytest.raises(StepFailedError, match=r"there is no sshd\.service"):
        enable(EnableUnits(units=("sshd.service",)), target({"/sbin/openrc": ""}))


def test_no_init_system() -> None:
    with pytest.raises(StepFailedError, match="init system is not known"):
        enable(EnableUnits(units=("sshd.service",)), target({"/etc/fstab": ""}))


def test_units_that_must_not_start_are_masked() -> None:
    unit = "/usr/lib/systemd/system/x.service"
    done = target({unit: "[Install]\nWantedBy=multi-user.target\n", "/usr/lib/systemd/systemd": ""})
    enable(EnableUnits(units=("x.service",)), done)
    disable(DisableUnits(units=("x.service", "y.service")), done)

    assert done.tree.readlink("/etc/systemd/system/x.service") == "/dev/null"
    assert not done.guest.services.unit("x.service").starts


def test_scripts_that_must_not_start_lose_their_links() -> None:
    done = target({"/sbin/openrc": "", "/etc/runlevels/default": Dir(), "/etc/init.d/sshd": "#!\n"})
    enable(EnableUnits(units=("sshd.service",)), done)
    disable(DisableUnits(units=("sshd.service",)), done)

    assert not done.guest.services.unit("sshd.service").starts


def test_without_an_init_system_nothing_is_disabled() -> None:
    with pytest.raises(StepFailedError, match="init system is not known"):
        disable(DisableUnits(units=("sshd.service",)), target({"/etc/fstab": ""}))
