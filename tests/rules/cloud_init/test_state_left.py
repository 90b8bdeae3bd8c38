from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.cloud_init.state_left import check
from tests.guest.memory import Dir, Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

INSTANCE: dict[str, Entry | None] = {
    "/var/lib/cloud/instance": Link("/var/lib/cloud/instances/i-1"),
    "/var/lib/cloud/instances/i-1/obj.pkl": "pickle",
}


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/cloud/scripts/per-boot/ours.sh",
        "/var/lib/cloud/seed/nocloud/meta-data",
        "/etc/netplan/01-netcfg.yaml",
        "/var/log/cloud.log",
    ],
)
def test_what_is_not_its_state(path: str) -> None:
    assert findings(check, subject(healthy({path: "x"}))) == ()


def test_empty_directories_are_no_state() -> None:
    files = healthy({"/var/lib/cloud/instances": Dir(), "/var/lib/cloud/sem": Dir()})
    assert findings(check, subject(files)) == ()


def test_an_earlier_run() -> None:
    found = finding(check, subject(healthy(INSTANCE)))

    assert found.severity is Severity.WARNING
    assert found.found == "/var/lib/cloud/instance, /var/lib/cloud/instances/i-1"
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, RemovePaths)
    assert "/var/lib/cloud/instances/*" in step.patterns


@pytest.mark.parametrize(
    "trusting",
    [
        {"/var/lib/cloud/instances/i-1/manual-clean": ""},
        {"/etc/cloud/cloud.cfg.d/99-manual.cfg": "manual_cache_clean: true\n"},
    ],
)
def test_it_is_trusted(trusting: dict[str, Entry]) -> None:
    found = finding(check, subject(healthy({**INSTANCE, **trusting})))
    assert found.severity is Severity.ERROR


def test_it_is_not_trusted_without_a_cache() -> None:
    files = healthy(
        {
            "/var/lib/cloud/sem/config_scripts.once": "x",
            "/etc/cloud/cloud.cfg.d/99-manual.cfg": "manual_cache_clean: true\n",
        }
    )
    assert finding(check, subject(files)).severity is Severity.WARNING


@pytest.mark.parametrize(
    "path",
    [
        "/etc/netplan/50-cloud-init.yaml",
        "/etc/network/interfaces.d/50-cloud-init.cfg",
        "/etc/ssh/sshd_config.d/50-cloud-init.conf",
        "/etc/sudoers.d/90-cloud-init-users",
        "/var/log/cloud-init-output.log",
    ],
)
def test_what_it_made(path: str) -> None:
    assert finding(check, subject(healthy({path: "x"}))).place.path == path


def test_a_specialized_image_keeps_it() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(healthy(INSTANCE), intent=specialized))
