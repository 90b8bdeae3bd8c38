"""Booster is in no package of Debian's: what it is told is tested, and how it would be started."""

from __future__ import annotations

import pytest

from bootworthy.guest.guest import Guest
from bootworthy.guest.initramfs_builders.booster import Booster
from bootworthy.guest.initramfs_builders.mkinitcpio import Mkinitcpio
from bootworthy.guest.initramfs_builders.registry import builder_of
from bootworthy.model.errors import GuestError
from tests.guest.memory import MemoryTree

CONF = "/etc/booster.yaml"
RELEASE = "6.11.5-arch1-1"
FILES: dict[str, str | bytes] = {
    "/usr/bin/booster": b"\x7fELF",
    CONF: "# Arch's\nuniversal: false\nmodules: -*,usbhid # keyboard\n",
    f"/usr/lib/modules/{RELEASE}/modules.dep": (
        "kernel/drivers/hv/hv_vmbus.ko.zst:\nkernel/drivers/scsi/hv_storvsc.ko.zst:\n"
    ),
    f"/usr/lib/modules/{RELEASE}/pkgbase": "linux\n",
    "/boot/vmlinuz-linux": "kernel",
    "/boot/booster-linux.img": "image",
}
MODULES = ("hv_vmbus", "hv_storvsc")


def test_modules_are_added_and_the_image_is_for_every_machine() -> None:
    tree = MemoryTree(FILES)
    builder = Booster()
    assert builder.narrow(tree) == ((builder.place, "universal: false"),)
    builder.keep_modules(tree, MODULES)

    assert (builder.narrow(tree), builder.unlisted(tree, MODULES)) == ((), ())
    assert tree.text(CONF) == (
        "# Arch's\nuniversal: true\nmodules: -*,usbhid,hv_vmbus,hv_storvsc # keyboard\n"
    )
    before = tree.snapshot()
    builder.keep_modules(tree, MODULES)
    assert tree.snapshot() == before


def test_it_does_not_start_without_its_file() -> None:
    tree = MemoryTree({**FILES, CONF: ""})
    assert Booster().narrow(tree) == ((Booster.place, "universal is not set"),)
    Booster().keep_modules(tree, MODULES)
    assert tree.text(CONF) == "universal: true\nmodules: hv_vmbus,hv_storvsc\n"


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        ("hv_vmbus,hv_storvsc", ()),
        ("hv-vmbus, kernel/drivers/scsi/hv_storvsc.ko.zst", ()),
        ("'*'", ()),
        ("kernel/drivers/", ()),
        ("kernel/drivers/hv/", ("hv_storvsc",)),
        ("'*,-kernel/drivers/hv/'", ("hv_vmbus",)),
        ("hv_vmbus,-*,hv_storvsc", ("hv_vmbus",)),
        ("hv_vmbus,hv_storvsc,-hv_storvsc", ("hv_storvsc",)),
        ("[hv_vmbus]", MODULES),
        ("usbhid\nmodules_force_load: hv_vmbus,hv_storvsc", ()),
    ],
)
def test_the_last_word_on_a_module_counts(listed: str, missing: tuple[str, ...]) -> None:
    tree = MemoryTree({**FILES, CONF: f"universal: true\nmodules: {listed}\n"})
    assert Booster().unlisted(tree, MODULES) == missing
    Booster().keep_modules(tree, MODULES)
    assert Booster().unlisted(tree, MODULES) == ()


def test_a_broken_file_is_not_overwritten() -> None:
    with pytest.raises(GuestError):
        Booster().keep_modules(MemoryTree({**FILES, CONF: "modules: [\n"}), MODULES)


def test_the_rebuild_names_kernel_and_image() -> None:
    options = ("--force", "--universal", "--kernel-version", RELEASE)
    for gone in ("", "/boot/booster-linux.img"):
        files = {path: text for path, text in FILES.items() if path != gone}
        (kernel,) = Guest(MemoryTree(files)).kernels
        argv = ("booster", "build", *options, "/boot/booster-linux.img")
        assert Booster().rebuild(kernel).argv == argv


def test_it_is_the_builder_where_it_made_an_image() -> None:
    both = {**FILES, "/usr/bin/mkinitcpio": "#!/bin/bash\n"}
    without = {path: text for path, text in both.items() if path != "/boot/booster-linux.img"}

    assert isinstance(builder_of(MemoryTree(FILES)), Booster)
    assert isinstance(builder_of(MemoryTree(both)), Booster)
    assert isinstance(builder_of(MemoryTree(without)), Mkinitcpio)
