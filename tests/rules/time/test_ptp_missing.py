from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.rules.time.ptp_missing import check
from tests.rules.healthy import GRUB_CFG, RELEASE, grub_cfg, healthy, kernel
from tests.rules.making import finding, findings, subject

OLD = "4.4.0-1-azure"


def test_the_clock_passes() -> None:
    assert findings(check, subject(healthy())) == ()
    module = healthy(kernel(config="CONFIG_PTP_1588_CLOCK=m\n"))
    assert findings(check, subject(module)) == ()


def test_nothing_is_known_without_a_configuration() -> None:
    assert findings(check, subject(healthy({f"/boot/config-{RELEASE}": None}))) == ()


def test_a_kernel_older_than_the_clock() -> None:
    files = healthy({"/usr/lib/modules": None, **kernel(OLD, config="CONFIG_X=y\n")})
    assert findings(check, subject({**files, GRUB_CFG: grub_cfg(OLD)})) == ()


def test_without_it() -> None:
    found = finding(check, subject(healthy(kernel(config="CONFIG_HYPERV=m\n"))))

    assert found.severity is Severity.WARNING
    assert found.found == "CONFIG_PTP_1588_CLOCK not set"
