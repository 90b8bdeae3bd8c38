"""What an image is said to be able to, from its kernels, initramfs and boot loader."""

from __future__ import annotations

import struct
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


def program(*sections: bytes, signed: bool = True) -> bytes:
    """An EFI program of PE32+ with these sections, with or without a certificate table."""
    plain = efi_program(0x8664, *sections)
    optional = bytearray(240)
    optional[:2] = b"\x0b\x02"
    if signed:
        struct.pack_into("<II", optional, 112 + 4 * 8, 0x1000, 0x200)
    head = bytearray(plain[:0x58])
    struct.pack_into("<H", head, 0x40 + 20, len(optional))
    # The symbols are counted from the beginning of the file.
    symbols = int.from_bytes(head[0x4C:0x50], "little") + len(optional)
    struct.pack_into("<I", head, 0x4C, symbols)
    return bytes(head + optional) + plain[0x58:]


SHIM: dict[str, Entry] = {
    "/EFI/BOOT/BOOTX64.EFI": program(b".vendor_cert"),
    "/EFI/BOOT/grubx64.efi": program(),
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


@pytest.mark.parametrize("path", SHIM)
def test_trusted_launch_needs_both_to_be_signed(path: str, disk: Image) -> None:
    section = b".vendor_cert" if path.endswith("BOOTX64.EFI") else b".text"
    unsigned = {path: program(section, signed=False)}

    assert not found(disk, {}, SHIM | unsigned).trusted_launch


def test_generation_2_needs_the_program_that_the_firmware_starts(disk: Image) -> None:
    elsewhere: dict[str, Entry] = {"/EFI/debian/grubx64.efi": program()}

    assert found(disk, {}, elsewhere).generations == frozenset()
    assert found(disk, {}, dict(SHIM)).generations == {Generation.UEFI}
