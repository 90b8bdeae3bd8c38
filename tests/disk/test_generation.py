"""Which generations of machines can start a disk."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk import generation
from bootworthy.disk.generation import BootCode, Loader
from bootworthy.disk.partitions import read_table
from bootworthy.model.intent import Generation
from tests.disk.making import MIB, patch, reader, run, sparse

SIZE = 32 * MIB
BIOS, UEFI = Generation.BIOS, Generation.UEFI

BOOT_IMG = Path("/usr/lib/grub/i386-pc/boot.img")
SYSLINUX_MBR = Path("/usr/lib/syslinux/mbr/mbr.bin")

DOS = "label: dos\nsize=10M, bootable\nsize=10M\n"
DUAL = """label: gpt
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
size=4M, type=uefi
size=4M
"""


def make(path: Path, script: str) -> Path:
    """A disk partitioned by sfdisk."""
    run("sfdisk", "-q", sparse(path, SIZE), typed=script)
    return path


def code(path: Path) -> BootCode:
    """The boot code of a disk."""
    return generation.read_boot_code(reader(path), SIZE, read_table(reader(path), SIZE))


def generations(path: Path) -> set[Generation]:
    """The generations of a disk."""
    table = read_table(reader(path), SIZE)
    return set(generation.generations(code(path), table))


def install_grub(path: Path, core: int, *, sectors: int = 60) -> None:
    """Put GRUB's first sector on a disk, and a core image of ``sectors`` sectors at ``core``."""
    boot = bytearray(b"\xeb\x63\x90" + bytes(509))
    boot[0x180:0x186] = b"GRUB \0"
    struct.pack_into("<Q", boot, 0x5C, core)
    patch(path, 0, bytes(boot[:440]))
    first = bytearray(b"\x52\x56\xbe" + bytes(509))
    struct.pack_into("<QHH", first, 500, core + 1, sectors - 1, 0x820)
    patch(path, core * 512, bytes(first))


def test_without_code_or_esp_nothing_starts(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)

    assert generations(path) == set()
    assert code(path) == BootCode(loader=Loader.NONE, signed=True)


def test_grub_in_the_gap_of_an_mbr(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    install_grub(path, 1)

    assert generations(path) == {BIOS}
    assert code(path) == BootCode(
        loader=Loader.GRUB2,
        signed=True,
        core_sector=1,
        core_present=True,
        core_runs=((1, 1), (2, 59)),
    )


@pytest.mark.skipif(not BOOT_IMG.exists(), reason="GRUB for BIOS is not installed")
def test_the_real_boot_image_of_grub(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    patch(path, 0, BOOT_IMG.read_bytes()[:440])

    assert code(path).loader is Loader.GRUB2
    assert code(path).core_sector == 1
    assert not code(path).core_present
    assert generations(path) == set()

    patch(path, 512, BOOT_IMG.with_name("diskboot.img").read_bytes())
    assert generations(path) == {BIOS}


@pytest.mark.parametrize("core", [0, 30000, SIZE // 512, 1 << 60])
def test_grub_without_its_core_image_does_not_start(tmp_path: Path, core: int) -> None:
    path = make(tmp_path / "disk", DOS)
    install_grub(path, 1)
    patch(path, 0x5C, struct.pack("<Q", core))

    assert generations(path) == set()
    assert not code(path).core_present or core == 0


def test_a_disk_for_both(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DUAL)
    install_grub(path, 2048)

    assert generations(path) == {BIOS, UEFI}
    assert code(path).core_partition == 1


def test_grub_on_a_gpt_needs_its_own_partition(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DUAL)
    install_grub(path, 40)

    assert code(path).core_present
    assert generations(path) == {UEFI}


def test_an_esp_in_an_mbr(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", "label: dos\nsize=10M, type=ef\nsize=10M\n")

    assert generations(path) == {UEFI}


def test_grub_legacy(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    boot = bytearray(440)
    boot[:3] = b"\xeb\x48\x90"
    boot[0x17D:0x183] = b"GRUB \0"
    struct.pack_into("<I", boot, 0x44, 1)
    patch(path, 0, bytes(boot))

    assert generations(path) == set()
    patch(path, 512, b"stage 1.5")
    assert generations(path) == {BIOS}
    assert code(path).loader is Loader.GRUB_LEGACY
    assert code(path).core_runs == ()


def test_lilo(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    patch(path, 0, b"\xfa\xeb\x21\x01\xb4\x01LILO\x18\x02")

    assert code(path).loader is Loader.LILO
    assert generations(path) == {BIOS}


def install_chain(path: Path) -> None:
    """Put code in the first sector that goes on with the active partition."""
    if SYSLINUX_MBR.exists():
        patch(path, 0, SYSLINUX_MBR.read_bytes()[:440])
    else:
        patch(path, 0, b"\x33\xc0\xfa\x8e\xd8")


def test_other_code_needs_an_active_partition_with_code(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    install_chain(path)

    assert code(path) == BootCode(loader=Loader.CHAIN, signed=True)
    assert generations(path) == set()

    sector = (b"\xeb\x58\x90EXTLINUX" + bytes(499))[:510] + b"\x55\xaa"
    patch(path, 11 * MIB, sector)  # the other partition
    assert generations(path) == set()
    patch(path, MIB, sector)
    assert code(path).chained == 1
    assert generations(path) == {BIOS}


def test_other_code_on_a_gpt_looks_for_the_legacy_attribute(tmp_path: Path) -> None:
    script = "label: gpt\nsize=10M, attrs=LegacyBIOSBootable\n"
    path = make(tmp_path / "disk", script)
    install_chain(path)
    patch(path, MIB, b"\xeb\x58\x90EXTLINUX")
    patch(path, MIB + 510, b"\x55\xaa")

    assert code(path).chained == 1
    assert generations(path) == {BIOS}


def test_syslinux_on_a_disk_without_partitions(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", SIZE)
    patch(path, 0, b"\xeb\x58\x90SYSLINUX")
    patch(path, 446, b"\x01" * 64 + b"\x55\xaa")

    assert code(path).chained == 0
    assert generations(path) == {BIOS}


def test_an_unsigned_sector_does_not_start(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    install_grub(path, 1)
    patch(path, 510, b"\0\0")

    assert not code(path).signed
    assert generations(path) == set()


def test_a_block_list_without_end_ends(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    install_grub(path, 1)
    patch(path, 520, struct.pack("<QHH", 2000, 300, 0) * 42)

    assert code(path).core_runs == ((1, 1), *((2000, 300),) * 27)
