from __future__ import annotations

from bootworthy.guest.guest import Guest
from bootworthy.guest.initramfs_builders.mkinitrd import Mkinitrd
from bootworthy.guest.initramfs_builders.registry import builder_of
from tests.guest.memory import MemoryTree

# SUSE Linux Enterprise Server 11.
RELEASE = "3.0.101-63-default"
FILES = {
    "/sbin/mkinitrd": "#!/bin/bash\n",
    "/etc/sysconfig/kernel": '# for the initrd\nINITRD_MODULES="ata_piix ext3"\n',
    f"/lib/modules/{RELEASE}/modules.dep": "",
    f"/boot/vmlinuz-{RELEASE}": "kernel",
    f"/boot/initrd-{RELEASE}": "initrd",
}


def test_the_variable_names_the_modules() -> None:
    tree = MemoryTree(FILES)
    builder = builder_of(tree)
    assert isinstance(builder, Mkinitrd)
    builder.keep_modules(tree, ("hv_vmbus", "ext3"))

    assert tree.text("/etc/sysconfig/kernel") == (
        '# for the initrd\nINITRD_MODULES="ata_piix ext3 hv_vmbus"\n'
    )
    assert builder.unlisted(tree, ("hv_vmbus",)) == ()


def test_the_rebuild_names_the_files_of_boot() -> None:
    (kernel,) = Guest(MemoryTree(FILES)).kernels

    argv = ("mkinitrd", "-k", f"vmlinuz-{RELEASE}", "-i", f"initrd-{RELEASE}")
    assert Mkinitrd().rebuild(kernel).argv == argv


def test_a_wrapper_around_dracut_is_dracut() -> None:
    files = {"/sbin/mkinitrd": "#!/bin/bash\n", "/usr/bin/dracut": "#!/bin/bash\n"}
    found = builder_of(MemoryTree(files))
    assert found is not None
    assert found.name == "dracut"
