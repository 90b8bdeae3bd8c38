"""Dynamic VHDs as qemu reads them."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.writers.vhd_dynamic import DynamicVhdWriter
from bootworthy.disk.writers.writer import Occupied, Patch
from tests.disk.making import MIB, needs, opened, patch, patterned, raw_of, run, sparse

pytestmark = needs("qemu-img")


def write(source: Path, target: Path, size: int, patches: tuple[Patch, ...] = ()) -> None:
    """The disk in ``source`` as a dynamic VHD of ``size`` bytes."""
    with (
        open_container(source) as container,
        opened(target, os.O_RDWR | os.O_CREAT | os.O_EXCL) as fd,
    ):
        writer = DynamicVhdWriter(size, Occupied.of(container.extents(), patches))
        writer.lay_out(fd)
        copy_disk(container, fd, place=writer.place)
        writer.patch(fd, patches)
        writer.seal(fd)


@pytest.mark.parametrize("compressed", [False, True])
def test_qemu_reads_the_same_disk(tmp_path: Path, compressed: bool) -> None:
    expected = patterned(tmp_path / "disk")
    flags = ("-c",) if compressed else ()
    run(
        "qemu-img", "convert", "-f", "raw", "-O", "qcow2", *flags, tmp_path / "disk", tmp_path / "i"
    )

    write(tmp_path / "i", tmp_path / "out", 7 * MIB)

    found = raw_of(tmp_path / "out", tmp_path / "raw", fmt="vpc")
    assert len(found) == 7 * MIB
    assert found == expected.ljust(7 * MIB, b"\0")


def test_patches_lie_over_holes_and_data(tmp_path: Path) -> None:
    expected = bytearray(patterned(tmp_path / "disk").ljust(64 * MIB, b"\0"))
    patches = ((2 * MIB - 3, b"across two blocks"), (64 * MIB - 512, b"\x05" * 512))
    for offset, data in patches:
        expected[offset : offset + len(data)] = data

    write(tmp_path / "disk", tmp_path / "out", 64 * MIB, patches)

    assert raw_of(tmp_path / "out", tmp_path / "raw", fmt="vpc") == bytes(expected)


def test_empty_blocks_take_no_room(tmp_path: Path) -> None:
    sparse(tmp_path / "disk", 1 << 34)
    patch(tmp_path / "disk", 1 << 33, b"data")

    write(tmp_path / "disk", tmp_path / "out", 1 << 34)

    assert (tmp_path / "out").stat().st_size < 2 * MIB + 64 * 1024
    assert (tmp_path / "out").stat().st_blocks * 512 < 64 * 1024


def test_an_empty_disk(tmp_path: Path) -> None:
    sparse(tmp_path / "disk", 5 * MIB)

    write(tmp_path / "disk", tmp_path / "out", 5 * MIB)

    assert raw_of(tmp_path / "out", tmp_path / "raw", fmt="vpc") == bytes(5 * MIB)


def test_the_header_is_by_the_specification(tmp_path: Path) -> None:
    patterned(tmp_path / "disk")

    write(tmp_path / "disk", tmp_path / "out", 6 * MIB)

    data = (tmp_path / "out").read_bytes()
    first, last = footer.parse(data[:512]), footer.parse(data[-512:])
    assert first == last
    assert (first.disk_type, first.data_offset, first.current_size) == (3, 512, 6 * MIB)
    assert first.checksum_valid
    header = data[512:1536]
    assert header[:8] == b"cxsparse"
    assert struct.unpack_from(">QIII", header, 16) == (1536, 0x10000, 3, 2 * MIB)
    (checksum,) = struct.unpack_from(">I", header, 36)
    assert checksum == ~(sum(header) - sum(header[36:40])) & 0xFFFF_FFFF


def test_blocks_lie_on_pages_behind_full_bitmaps(tmp_path: Path) -> None:
    patterned(tmp_path / "disk")

    write(tmp_path / "disk", tmp_path / "out", 6 * MIB)

    data = (tmp_path / "out").read_bytes()
    for sector in struct.unpack_from(">3I", data, 1536):
        assert (sector * 512 + 512) % 4096 == 0
        assert data[sector * 512 : sector * 512 + 512] == b"\xff" * 512
