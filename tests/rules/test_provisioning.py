from __future__ import annotations

import pytest

from bootworthy.rules import provisioning
from tests.guest.memory import Link
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, guest

VERSION = "/usr/lib/python3/dist-packages/cloudinit/version.py"
WANTS = "/etc/systemd/system/cloud-init.target.wants"


def test_newer_cloud_init_does_without_udf() -> None:
    assert not provisioning.needs_udf(guest(healthy()))


@pytest.mark.parametrize(
    ("version", "needed"), [("21.1", True), ("0.7.9", True), ("21.2", False), ("24.3.1", False)]
)
def test_the_version_decides(version: str, needed: bool) -> None:
    files = healthy({VERSION: f'__VERSION__ = "{version}"\n'})
    assert provisioning.needs_udf(guest(files)) is needed


def test_a_version_that_is_not_known_is_new_enough() -> None:
    assert not provisioning.needs_udf(guest(healthy({VERSION: None})))


@pytest.mark.parametrize(
    "off",
    [{"/usr/bin/cloud-init": None}, {"/etc/cloud/cloud-init.disabled": ""}],
)
def test_the_agent_needs_udf_where_it_provisions(off: dict[str, Entry | None]) -> None:
    assert provisioning.needs_udf(guest(healthy(off)))
    assert not provisioning.needs_udf(guest(healthy({**off, "/usr/sbin/waagent": None})))


def test_cloud_init_starts() -> None:
    assert provisioning.cloud_init_starts(guest(healthy()))
    assert provisioning.cloud_init_units_off(guest(healthy())) == ()


@pytest.mark.parametrize(
    "off",
    [
        {"/usr/bin/cloud-init": None},
        {"/etc/cloud/cloud-init.disabled": ""},
        {"/etc/cloud/ds-identify.cfg": "policy: disabled\n"},
        {f"{WANTS}/cloud-final.service": None},
        {"/etc/systemd/system/cloud-config.service": Link("/dev/null")},
    ],
)
def test_cloud_init_does_not_start(off: dict[str, Entry | None]) -> None:
    assert not provisioning.cloud_init_starts(guest(healthy(off)))


def test_which_units_are_off() -> None:
    files = healthy({f"{WANTS}/cloud-final.service": None, f"{WANTS}/cloud-init.service": None})
    found = provisioning.cloud_init_units_off(guest(files))
    assert found == ("cloud-init.service", "cloud-final.service")


def test_the_second_stage_has_two_names() -> None:
    files = healthy(
        {
            "/usr/lib/systemd/system/cloud-init.service": None,
            f"{WANTS}/cloud-init.service": None,
            **unit("cloud-init-network.service", "cloud-init.target"),
        }
    )
    assert provisioning.cloud_init_units_off(guest(files)) == ()


def test_other_init_systems_have_no_units() -> None:
    files = healthy({"/usr/lib/systemd": None, "/etc/systemd": None, "/usr/sbin/init": "busybox"})
    assert provisioning.cloud_init_units_off(guest(files)) == ()
