from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules.initramfs.drivers_not_persistent import check
from tests.rules.healthy import INITRAMFS, healthy, initramfs, kernel, without
from tests.rules.making import Entry, findings, subject

MODULES = "/etc/initramfs-tools/modules"
CONF = "/etc/initramfs-tools/initramfs.conf"
UNLISTED: dict[str, Entry | None] = {MODULES: "# nothing\nhv_vmbus # the bus\n"}
NARROW: dict[str, Entry | None] = {CONF: "MODULES=dep\n"}


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def test_listed_drivers_pass() -> None:
    assert look({}) == ()
    assert look(NARROW) == ()
    assert look({**NARROW, MODULES: "hv-vmbus\nhv-storvsc x=1\nhv_netvsc\n"}) == ()


def test_a_builder_that_takes_the_drivers_of_any_machine_needs_no_list() -> None:
    assert look(UNLISTED) == ()
    assert look({MODULES: None}) == ()


def test_one_that_takes_those_of_its_own_machine_does() -> None:
    (found,) = look({**UNLISTED, **NARROW})

    assert found.severity is Severity.WARNING
    assert found.message == "initramfs-tools is not told to include hv_storvsc, hv_netvsc"
    assert found.place.path == MODULES
    assert found.fix is not None
    modules = ("hv_vmbus", "hv_storvsc", "hv_netvsc")
    assert found.fix.steps == (UpdateInitramfs(modules=modules),)


@pytest.mark.parametrize("image", [None, initramfs(("ext4",))])
def test_one_that_left_them_out_does_too(image: bytes | None) -> None:
    (found,) = look({**UNLISTED, INITRAMFS: image})
    assert found.found == "no hv_storvsc, hv_netvsc"


def test_built_in_drivers_are_not_listed() -> None:
    names = ("hv_vmbus", "hv_storvsc", "hv_netvsc")
    builtin = tuple(f"kernel/drivers/{name}" for name in names)
    built_in = kernel(loadable=without(*names), builtin=builtin)
    assert look({**UNLISTED, **NARROW, **built_in}) == ()


def test_a_builder_that_is_not_known() -> None:
    assert look({**UNLISTED, **NARROW, "/usr/sbin/update-initramfs": None}) == ()
