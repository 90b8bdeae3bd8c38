from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.rules.kernel.pci_bus_missing import check
from tests.rules.healthy import GRUB_CFG, grub_cfg, healthy, kernel, without
from tests.rules.making import finding, findings, subject

OLD = "3.10.0-1160.el7.x86_64"


def test_the_driver_passes() -> None:
    assert findings(check, subject(healthy())) == ()
    builtin = kernel(loadable=without("pci-hyperv"), builtin=("kernel/drivers/pci/pci-hyperv",))
    assert findings(check, subject(healthy(builtin))) == ()


def test_without_it() -> None:
    found = finding(check, subject(healthy(kernel(loadable=without("pci-hyperv")))))

    assert found.severity is Severity.WARNING
    assert found.found == "pci_hyperv: neither built in nor a module"


def test_a_kernel_older_than_the_driver() -> None:
    old = kernel(OLD, loadable=without("pci-hyperv"))
    files = healthy({"/usr/lib/modules": None, **old, GRUB_CFG: grub_cfg(OLD)})
    assert findings(check, subject(files)) == ()
