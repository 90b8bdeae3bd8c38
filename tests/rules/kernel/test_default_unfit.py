from __future__ import annotations

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import SetKeys
from bootworthy.rules.kernel.default_unfit import check
from tests.rules.healthy import GRUB_CFG, RELEASE, grub_cfg, healthy, kernel, without
from tests.rules.making import finding, findings, subject

BARE = "6.9.0-bare"
NO_DRIVERS = kernel(BARE, loadable=without("hv_vmbus", "hv_storvsc"))


def test_a_fit_default_passes() -> None:
    assert findings(check, subject(healthy())) == ()
    second = healthy({**NO_DRIVERS, GRUB_CFG: grub_cfg(RELEASE, BARE)})
    assert findings(check, subject(second)) == ()


def test_the_other_kernel_would_do() -> None:
    files = healthy({**NO_DRIVERS, GRUB_CFG: grub_cfg(BARE, RELEASE)})
    found = finding(check, subject(files))

    assert found.severity is Severity.ERROR
    assert found.place.path == GRUB_CFG
    assert RELEASE in found.expected
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_no_kernel_would() -> None:
    """Another rule tells that the drivers are missing."""
    files = healthy({"/usr/lib/modules": None, **NO_DRIVERS, GRUB_CFG: grub_cfg(BARE)})
    assert findings(check, subject(files)) == ()


def test_updates_that_do_not_count() -> None:
    path = "/etc/sysconfig/kernel"
    assert findings(check, subject(healthy({path: "UPDATEDEFAULT=yes\n"}))) == ()

    found = finding(check, subject(healthy({path: "DEFAULTKERNEL=kernel\nUPDATEDEFAULT=no\n"})))

    assert (found.severity, str(found.place)) == (Severity.NOTE, f"{path}:2")
    assert found.fix is not None
    assert found.fix.steps == (SetKeys(path=path, settings=(("UPDATEDEFAULT", "yes"),)),)
