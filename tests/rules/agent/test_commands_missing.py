from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.agent.commands_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

CONFIG = "/etc/waagent.conf"
SWAPS = "Provisioning.Agent=auto\nResourceDisk.Format=y\nResourceDisk.EnableSwap=y\n"
ALONE: dict[str, Entry | None] = {
    "/usr/bin/cloud-init": None,
    CONFIG: SWAPS,
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
    ["/usr/bin/openssl", "/usr/sbin/useradd", "/usr/bin/ssh-keygen"],
)
def test_the_agent_alone_needs_more(path: str) -> None:
    (found,) = look({**ALONE, path: None})

    assert found.severity is Severity.ERROR
    assert found.expected == path.rpartition("/")[2]


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/usr/sbin/sfdisk", "fdisk"),
        ("/usr/sbin/parted", "parted"),
        ("/usr/sbin/mkfs.ext4", ""),
        ("/usr/sbin/mkswap", ""),
    ],
)
def test_a_machine_is_provisioned_without_what_the_temporary_disk_needs(
    path: str, package: str
) -> None:
    (found,) = look({**ALONE, path: None})

    assert (found.severity, found.expected) == (Severity.WARNING, path.rpartition("/")[2])
    assert found.fix is not None
    assert found.fix.steps == ((InstallPackages(packages=(package,)),) if package else ())


def test_the_file_system_is_the_one_that_is_asked_for() -> None:
    (found,) = look({**ALONE, CONFIG: f"{SWAPS}ResourceDisk.Filesystem=xfs\n"})

    assert found.expected == "mkfs.xfs"


def test_an_agent_that_leaves_the_disk_to_cloud_init_needs_nothing_for_it() -> None:
    module = "/usr/lib/python3/dist-packages/azurelinuxagent/daemon/resourcedisk/default.py"
    both: dict[str, Entry | None] = {CONFIG: SWAPS, module: "cloud_init_is_enabled()"}

    assert look({**both, "/usr/sbin/parted": None}) == ()


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
