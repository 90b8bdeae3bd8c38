from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.kernel.hyperv_driver_missing import check
from tests.rules.healthy import RELEASE, healthy, kernel, without
from tests.rules.making import finding, findings, not_applicable, subject


def test_modules_pass() -> None:
    assert findings(check, subject(healthy())) == ()


def test_built_in_drivers_pass() -> None:
    names = ("hv_vmbus", "hv_storvsc", "hv_netvsc", "hv_utils")
    builtin = tuple(f"kernel/drivers/{name}" for name in names)
    files = healthy(kernel(loadable=without(*names), builtin=builtin))

    assert findings(check, subject(files)) == ()


@pytest.mark.parametrize("name", ["hv_vmbus", "hv_storvsc", "hv_netvsc"])
def test_a_driver_that_is_missing(name: str) -> None:
    found = finding(check, subject(healthy(kernel(loadable=without(name)))))

    assert found.severity is Severity.ERROR
    assert found.message == f"kernel {RELEASE} has no {name}"
    assert found.place.path == f"/usr/lib/modules/{RELEASE}"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_the_guest_services_alone_are_a_warning() -> None:
    found = finding(check, subject(healthy(kernel(loadable=without("hv_utils")))))
    assert found.severity is Severity.WARNING

    found = finding(check, subject(healthy(kernel(loadable=without("hv_utils", "hv_netvsc")))))
    assert found.severity is Severity.ERROR


def test_a_kernel_that_no_entry_starts_does_not_count() -> None:
    files = healthy(kernel("5.10.0-33-amd64", loadable=()))
    assert findings(check, subject(files)) == ()


def test_a_container_has_no_kernel() -> None:
    files = healthy({"/boot": None, "/usr/lib/modules": None})
    assert not_applicable(check, subject(files)) == "the guest has no kernel"
