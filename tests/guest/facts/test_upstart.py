from __future__ import annotations

import pytest

from bootworthy.guest.facts import services, upstart
from bootworthy.guest.facts.services import UnitState
from tests.guest.memory import Link, MemoryTree, Node

JOB = 'description "OpenSSH server"\nstart on runlevel [2345]\nstop on runlevel [!2345]\n'
UBUNTU: dict[str, str | bytes | Node] = {
    "/sbin/init": "x",
    "/etc/init/ssh.conf": JOB,
    "/etc/init.d/ssh": Link("/lib/init/upstart-job"),
}


def state(files: dict[str, str | bytes | Node]) -> UnitState:
    return services.read(MemoryTree({**UBUNTU, **files})).unit("ssh.service").state


def test_a_job_that_starts_by_itself() -> None:
    unit = services.read(MemoryTree(UBUNTU)).unit("ssh.service")
    assert (unit.state, unit.path) == (UnitState.ENABLED, "/etc/init/ssh.conf")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/etc/init/ssh.override": "manual\n"}, UnitState.DISABLED),
        ({"/etc/init/ssh.conf": f"{JOB}manual\n"}, UnitState.DISABLED),
        ({"/etc/init/ssh.conf": f"manual\n{JOB}"}, UnitState.ENABLED),
        ({"/etc/init/ssh.override": "# manual\n"}, UnitState.ENABLED),
        (
            {"/etc/init/ssh.conf": "exec /x\n", "/etc/init/ssh.override": "start on started x\n"},
            UnitState.ENABLED,
        ),
        ({"/etc/init/ssh.conf": "exec /usr/sbin/sshd -D\n"}, UnitState.DISABLED),
    ],
)
def test_what_was_said_last_counts(
    files: dict[str, str | bytes | Node], expected: UnitState
) -> None:
    assert state(files) is expected


def test_scripts_count_where_there_is_no_job() -> None:
    files: dict[str, str | bytes | Node] = {
        "/sbin/init": "x",
        "/etc/init.d/sshd": "x",
        "/etc/rc3.d/S55sshd": Link("../init.d/sshd"),
    }
    assert services.read(MemoryTree(files)).unit("sshd.service").starts


def test_a_name_that_is_a_path_is_none() -> None:
    assert upstart.read(MemoryTree(UBUNTU), "../init/ssh") is None
