"""What an image is said to be able to, from its kernels, initramfs and boot loader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.azure.capabilities import Capabilities, capabilities_of
from bootworthy.disk.image import Image, open_image
from bootworthy.model.intent import Architecture, Generation
from tests.disk.making import MIB, needs, run, sparse
from tests.rules.healthy import EARLY, LOADABLE, efi_program, esp, healthy, kernel
from tests.rules.making import Entry, guest

pytestmark = needs("sfdisk")

SHIM = {
    "/EFI/BOOT/BOOTX64.EFI": efi_program(0x8664, b".vendor_cert"),
    "/EFI/BOOT/grubx64.efi": efi_program(0x8664),
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Image]:
    """A disk with an EFI system partition."""
    path = sparse(tmp_path / "disk.raw", 8 * MIB)
    run("sfdisk", "--quiet", path, typed="label: gpt\nstart=2048,size=4096,type=uefi\n")
    with open_image(path) as image:
        yield image


def found(
    disk: Image, changes: dict[str, Entry | None], loader: dict[str, Entry] | None = None
) -> Capabilities:
    return capabilities_of(disk, guest(healthy(changes), esp=loader or esp()))


def test_generation_and_architecture_are_the_image_s(disk: Image) -> None:
    plain = found(disk, {})

    assert plain.generations == {Generation.UEFI}
    assert plain.architecture is Architecture.X64


def test_nvme_needs_the_driver_where_the_root_disk_is_looked_for(disk: Image) -> None:
    late = [name for name in EARLY if name != "nvme"]

    assert found(disk, {}).nvme
    assert not found(disk, {**kernel(early=late)}).nvme
    builtin = kernel(early=late, loadable=(), builtin=("kernel/drivers/nvme/host/nvme",))
    assert found(disk, {"/usr/lib/modules": None, **builtin}).nvme


def test_accelerated_networking_needs_mellanox_and_the_synthetic_card(disk: Image) -> None:
    without_card = [path for path in LOADABLE if "mlx5" not in path]
    without_synthetic = [path for path in LOADABLE if "netvsc" not in path]

    assert found(disk, {}).accelerated_networking
    for modules in (without_card, without_synthetic):
        changes = {"/usr/lib/modules": None, **kernel(loadable=modules)}
        assert not found(disk, changes).accelerated_networking


def test_trusted_launch_needs_shim_and_what_it_starts(disk: Image) -> None:
    alone = {"/EFI/BOOT/BOOTX64.EFI": SHIM["/EFI/BOOT/BOOTX64.EFI"]}

    assert found(disk, {}, dict(SHIM)).trusted_launch
    assert not found(disk, {}, dict(alone)).trusted_launch
    assert not found(disk, {}).trusted_launch
