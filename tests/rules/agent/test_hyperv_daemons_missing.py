from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import EnableUnits, InstallPackages
from bootworthy.rules.agent.hyperv_daemons_missing import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, subject

UNIT = "hv-kvp-daemon.service"
OFF: dict[str, Entry | None] = {f"/etc/systemd/system/multi-user.target.wants/{UNIT}": None}
UDEV = "udev/rules.d/60-hyperv-daemons.rules"

# As Debian's hyperv-daemons package has it.
RULE = f'KERNEL=="vmbus/hv_kvp", TAG+="systemd", ENV{{SYSTEMD_WANTS}}+="{UNIT}"\n'


def test_they_are_enabled() -> None:
    assert findings(check, subject(healthy())) == ()


def test_udev_starts_them() -> None:
    files = healthy({**OFF, f"/usr/lib/{UDEV}": RULE})
    assert findings(check, subject(files)) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {f"/usr/lib/{UDEV}": f"# {RULE}"},
        {f"/usr/lib/{UDEV}": RULE.replace("kvp-", "vss-")},
        {f"/usr/lib/{UDEV}": RULE, f"/etc/{UDEV}": Link("/dev/null")},
        {f"/usr/lib/{UDEV}": b"\0" + RULE.encode()},
    ],
)
def test_nothing_starts_them(changes: dict[str, Entry]) -> None:
    found = finding(check, subject(healthy({**OFF, **changes})))

    assert found.severity is Severity.WARNING
    assert found.found == f"{UNIT} is disabled"
    assert found.fix is not None
    assert found.fix.steps == (EnableUnits(units=(UNIT,)),)


def test_udev_does_not_start_what_is_masked() -> None:
    masked: dict[str, Entry | None] = {
        f"/etc/systemd/system/{UNIT}": Link("/dev/null"),
        f"/usr/lib/{UDEV}": RULE,
    }
    assert finding(check, subject(healthy(masked))).found == f"{UNIT} is masked"


@pytest.mark.parametrize(
    ("release", "package"),
    [
        ('ID=debian\nVERSION_ID="12"\n', "hyperv-daemons"),
        ('ID=ubuntu\nVERSION_ID="22.04"\n', "linux-cloud-tools-virtual"),
    ],
)
def test_they_are_not_installed(release: str, package: str) -> None:
    files = healthy({"/usr/sbin/hv_kvp_daemon": None, "/etc/os-release": release})
    found = finding(check, subject(files))
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=(package,)),)
