from __future__ import annotations

from bootworthy.guest.guest import Guest
from bootworthy.guest.initramfs_builders.mkinitfs import Mkinitfs
from bootworthy.guest.initramfs_builders.registry import builder_of
from tests.guest.memory import MemoryTree

RELEASE = "6.6.58-0-virt"
FILES = {
    "/sbin/mkinitfs": "#!/bin/sh\n",
    "/etc/mkinitfs/mkinitfs.conf": 'features="base ext4 scsi"\n',
    "/etc/mkinitfs/features.d/scsi.modules": "kernel/drivers/scsi/sd_mod.ko*\n",
    f"/lib/modules/{RELEASE}/modules.dep": (
        "kernel/drivers/hv/hv_vmbus.ko.gz:\nkernel/drivers/scsi/hv_storvsc.ko.gz:\n"
    ),
    "/boot/vmlinuz-virt": "kernel",
    "/boot/initramfs-virt": "initramfs",
}


def test_a_feature_of_its_own_lists_the_modules_by_path() -> None:
    tree = MemoryTree(FILES)
    builder = builder_of(tree)
    assert isinstance(builder, Mkinitfs)
    assert builder.unlisted(tree, ("sd_mod", "hv_vmbus")) == ("hv_vmbus",)
    builder.keep_modules(tree, ("hv_vmbus", "hv_storvsc"))

    assert tree.text("/etc/mkinitfs/features.d/azure.modules") == (
        "kernel/drivers/hv/hv_vmbus.ko*\nkernel/drivers/scsi/hv_storvsc.ko*\n"
    )
    assert tree.text("/etc/mkinitfs/mkinitfs.conf") == 'features="base ext4 scsi azure"\n'
    before = tree.snapshot()
    builder.keep_modules(tree, ("hv_vmbus", "hv_storvsc"))
    assert tree.snapshot() == before


def test_the_rebuild_names_kernel_and_image() -> None:
    (kernel,) = Guest(MemoryTree(FILES)).kernels

    argv = ("mkinitfs", "-o", "/boot/initramfs-virt", RELEASE)
    assert Mkinitfs().rebuild(kernel).argv == argv
