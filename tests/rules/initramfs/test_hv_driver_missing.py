from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules.initramfs.hv_driver_missing import check
from tests.guest.initramfs_images import COMPRESSORS
from tests.rules.healthy import (
    EARLY,
    GRUB_CFG,
    INITRAMFS,
    LOADABLE,
    RELEASE,
    grub_cfg,
    healthy,
    initramfs,
    kernel,
    without,
)
from tests.rules.making import Entry, findings, not_applicable, subject

OLDER = "5.10.0-33-amd64"


def early(*missing: str) -> tuple[str, ...]:
    """The healthy initramfs's modules but these."""
    return tuple(name for name in EARLY if name not in missing)


def look(*changes: dict[str, Entry]) -> tuple[Finding, ...]:
    merged: dict[str, Entry | None] = {}
    for change in changes:
        merged |= change
    return findings(check, subject(healthy(merged)))


@pytest.mark.parametrize("compression", sorted(COMPRESSORS))
def test_an_image_with_the_drivers_passes(compression: str) -> None:
    assert look({INITRAMFS: initramfs(compression=compression)}) == ()


@pytest.mark.parametrize("name", ["hv_vmbus", "hv_storvsc"])
def test_a_driver_of_the_disk_is_missing(name: str) -> None:
    (found,) = look({INITRAMFS: initramfs(early(name))})

    assert found.severity is Severity.ERROR
    assert found.message == f"{name} not in the initramfs of kernel {RELEASE}"
    assert str(found.place) == f"{INITRAMFS} (initramfs-tools, 7 modules)"
    assert found.found == f"no {name}"
    assert found.fix is not None
    modules = ("hv_vmbus", "hv_storvsc", "hv_netvsc")
    assert found.fix.steps == (UpdateInitramfs(modules=modules),)


def test_the_network_can_come_later() -> None:
    (found,) = look({INITRAMFS: initramfs(early("hv_netvsc"))})
    assert found.severity is Severity.WARNING

    (found,) = look({INITRAMFS: initramfs(early("hv_netvsc", "hv_vmbus"))})
    assert found.severity is Severity.ERROR


def test_what_a_driver_needs_must_be_inside_too() -> None:
    needs = "kernel/drivers/scsi/hv_storvsc.ko: kernel/drivers/scsi/scsi_transport_fc.ko\n"
    others = "".join(f"{path}.ko:\n" for path in LOADABLE if "storvsc" not in path)
    listing = needs + others + "kernel/drivers/scsi/scsi_transport_fc.ko:\n"
    dep: dict[str, Entry] = {f"/usr/lib/modules/{RELEASE}/modules.dep": listing}

    (found,) = look(dep)

    assert found.severity is Severity.ERROR
    assert found.found == "no scsi_transport_fc"
    assert look(dep, {INITRAMFS: initramfs((*EARLY, "scsi_transport_fc"))}) == ()


def test_built_in_drivers_are_not_inside() -> None:
    names = ("hv_vmbus", "hv_storvsc", "hv_netvsc")
    builtin = tuple(f"kernel/drivers/{name}" for name in names)
    assert look(kernel(loadable=without(*names), builtin=builtin, early=early(*names))) == ()


def test_drivers_that_the_kernel_lacks_are_another_rules() -> None:
    assert look(kernel(loadable=without("hv_storvsc"), early=early("hv_storvsc"))) == ()


def test_every_kernel_that_is_started_counts() -> None:
    menu: dict[str, Entry] = {GRUB_CFG: grub_cfg(RELEASE, OLDER)}
    older = kernel(OLDER, early=early("hv_storvsc"))

    (found,) = look(older, menu)
    assert found.place.path == f"/boot/initrd.img-{OLDER}"

    assert look(older) == ()


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b garbage", initramfs(early("hv_vmbus"))[:-20]])
def test_an_image_that_cannot_be_read_is_another_rules(content: bytes) -> None:
    assert look({INITRAMFS: content}) == ()


def test_no_image_is_another_rules() -> None:
    files = healthy({INITRAMFS: None})
    assert findings(check, subject(files)) == ()


def test_a_container_has_no_kernel() -> None:
    files = healthy({"/boot": None, "/usr/lib/modules": None})
    assert not_applicable(check, subject(files)) == "the guest has no kernel"
