from __future__ import annotations

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules.initramfs.root_driver_missing import check
from tests.rules import disks
from tests.rules.healthy import (
    EARLY,
    INITRAMFS,
    LOADABLE,
    RELEASE,
    ROOT_UUID,
    healthy,
    initramfs,
    kernel,
    without,
)
from tests.rules.making import Entry, findings, subject

XFS = "kernel/fs/xfs/xfs"


def fstab(kind: str) -> dict[str, Entry]:
    """A root of this kind."""
    return {"/etc/fstab": f"UUID={ROOT_UUID} / {kind} defaults 0 1\n"}


def look(*changes: dict[str, Entry]) -> tuple[Finding, ...]:
    merged: dict[str, Entry | None] = {}
    for change in changes:
        merged |= change
    return findings(check, subject(healthy(merged)))


def test_the_driver_is_inside() -> None:
    assert look() == ()
    assert look(fstab("xfs"), kernel(loadable=(*LOADABLE, XFS), early=(*EARLY, "xfs"))) == ()


def test_the_driver_is_built_in() -> None:
    assert look(fstab("xfs"), kernel(builtin=(XFS,))) == ()


def test_it_is_not() -> None:
    (found,) = look(fstab("xfs"), kernel(loadable=(*LOADABLE, XFS)))

    assert found.severity is Severity.ERROR
    assert found.message == f"kernel {RELEASE} cannot mount its root file system, xfs"
    assert found.place.path == INITRAMFS
    assert found.found == "no xfs inside"
    assert found.fix is not None
    modules = ("hv_vmbus", "hv_storvsc", "hv_netvsc", "xfs")
    assert found.fix.steps == (UpdateInitramfs(modules=modules),)


def test_what_the_driver_needs_is_not() -> None:
    listing = "".join(f"{path}.ko:\n" for path in without("ext4"))
    listing += "kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko\nkernel/fs/jbd2/jbd2.ko:\n"

    (found,) = look({f"/usr/lib/modules/{RELEASE}/modules.dep": listing})

    assert found.found == "no jbd2 inside"


def test_the_kernel_has_no_such_driver() -> None:
    (found,) = look(fstab("btrfs"))

    assert found.found == "no btrfs in the kernel"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


@pytest.mark.parametrize("kind", ["ext2", "ext3"])
def test_ext4_serves_its_elders(kind: str) -> None:
    assert look(fstab(kind)) == ()

    (found,) = look(fstab(kind), {INITRAMFS: initramfs(("hv_vmbus",))})
    assert found.found == "no ext4 inside"


@pytest.mark.parametrize("kind", ["auto", "overlay", "nfs", "tmpfs", "ext4,ext3", "weird"])
def test_a_root_of_another_kind_is_not_judged(kind: str) -> None:
    assert look(fstab(kind)) == ()


def test_the_disk_says_what_the_root_is(healthy_image: Image) -> None:
    files = healthy(fstab("xfs"))
    whole = subject(files, image=healthy_image, root_partition=disks.ROOT_NUMBER)
    assert findings(check, whole) == ()


def test_a_kernel_of_which_nothing_is_known() -> None:
    files = healthy({"/usr/lib/modules": None})
    assert findings(check, subject(files)) == ()


@pytest.mark.parametrize("content", [b"", None])
def test_a_broken_image_is_another_rules(content: bytes | None) -> None:
    assert findings(check, subject(healthy({INITRAMFS: content}))) == ()
