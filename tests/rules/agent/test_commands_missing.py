from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.agent.commands_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

ALONE: dict[str, Entry | None] = {
    "/usr/bin/cloud-init": None,
    "/etc/waagent.conf": "Provisioning.Agent=auto\nResourceDisk.EnableSwap=y\n",
}


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def test_all_there_passes() -> None:
    assert look({}) == ()
    assert look(ALONE) == ()


def test_beside_cloud_init_openssl_is_enough() -> None:
    assert look({"/usr/sbin/useradd": None, "/usr/sbin/mkswap": None}) == ()

    (found,) = look({"/usr/bin/openssl": None})

    assert (found.severity, found.expected) == (Severity.WARNING, "openssl")


@pytest.mark.parametrize(
    "path",
    ["/usr/bin/openssl", "/usr/sbin/useradd", "/usr/sbin/mkswap", "/usr/bin/ssh-keygen"],
)
def test_the_agent_alone_needs_more(path: str) -> None:
    (found,) = look({**ALONE, path: None})

    assert found.severity is Severity.ERROR
    assert found.expected == path.rpartition("/")[2]


MODULE = "/usr/lib/python3/dist-packages/azurelinuxagent/common/osutil/default.py"
EJECTS = 'shellutil.run_command(["eject", dvd])\n'


def test_agents_that_end_without_eject_get_it() -> None:
    (found,) = look({**ALONE, MODULE: EJECTS})

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("eject",)),)


@pytest.mark.parametrize(
    "changes",
    [
        {MODULE: EJECTS},
        {**ALONE, MODULE: 'shellutil.run("eject {0}".format(dvd))\n'},
        {**ALONE, MODULE: EJECTS, "/usr/bin/eject": "elf"},
    ],
)
def test_others_do_without(changes: dict[str, Entry | None]) -> None:
    assert look(changes) == ()
