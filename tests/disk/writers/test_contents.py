"""Zeros that an image stores, as data or compressed: no output keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.extents import Kind
from bootworthy.disk.writers.contents import without_zeros
from bootworthy.disk.writers.writer import Occupied
from bootworthy.work.convert import ConvertOptions, convert
from tests.disk.making import MIB, needs, raw_of, run

pytestmark = needs("qemu-img")

SIZE = 64 * MIB

# Data in the blocks 0, 5, 6 and 31: at their ends, so that runs of zeros end in the middle of what
# is copied at once, and one byte alone.
DATA = ((510, b"\x55\xaa"), (12 * MIB - 3, b"across"), (SIZE - 1, b"x"))
BLOCKS = [0, 5, 6, 31]

FORMATS = {
    "stored": ("qcow2", "-S", "0"),
    "compressed": ("qcow2", "-S", "0", "-c"),
    "zstd": ("qcow2", "-S", "0", "-c", "-o", "compression_type=zstd"),
    "vmdk": ("vmdk", "-S", "0", "-o", "subformat=streamOptimized"),
    "raw": ("raw", "-S", "0"),
}


def full_of_zeros(folder: Path, kind: str) -> tuple[Path, bytes]:
    """An image that stores every byte of its disk, and the disk."""
    disk = bytearray(SIZE)
    for offset, data in DATA:
        disk[offset : offset + len(data)] = data
    (folder / "disk").write_bytes(disk)
    fmt, *options = FORMATS[kind]
    image = folder / "image"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, *options, folder / "disk", image)
    (folder / "disk").unlink()
    return image, bytes(disk)


@pytest.mark.parametrize("kind", FORMATS)
def test_blocks_of_zeros_are_found(tmp_path: Path, kind: str) -> None:
    image, _ = full_of_zeros(tmp_path, kind)
    told: list[tuple[int, int]] = []

    with open_container(image) as container:
        extents = container.extents()
        stored = extents.bytes_of(Kind.DATA) + extents.bytes_of(Kind.ENCODED)
        found = without_zeros(
            container, Occupied.of(extents), 2 * MIB, lambda *event: told.append(event)
        )

    assert stored == SIZE
    assert found.units(2 * MIB).tolist() == BLOCKS
    assert told[-1] == (SIZE, SIZE)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_dynamic_vhd_keeps_no_block_of_zeros(tmp_path: Path, kind: str) -> None:
    image, disk = full_of_zeros(tmp_path, kind)
    out = tmp_path / "out.vhd"

    convert(image, out, ConvertOptions(to="vhd-dynamic", verify=True))

    assert len(BLOCKS) * 2 * MIB < out.stat().st_size < (len(BLOCKS) + 1) * 2 * MIB
    assert raw_of(out, tmp_path / "raw", fmt="vpc") == disk


@pytest.mark.parametrize("kind", FORMATS)
def test_a_fixed_vhd_has_holes_instead(tmp_path: Path, kind: str) -> None:
    image, disk = full_of_zeros(tmp_path, kind)
    out = tmp_path / "out.vhd"

    convert(image, out, ConvertOptions(verify=True))

    assert out.read_bytes()[:SIZE] == disk
    # A whole copy of its range is what one that shares or moves pieces of a MiB may leave.
    assert out.stat().st_blocks * 512 < 6 * MIB


def test_nothing_stored_is_nothing_kept(tmp_path: Path) -> None:
    run("qemu-img", "create", "-q", "-f", "qcow2", tmp_path / "image", "1G")

    with open_container(tmp_path / "image") as container:
        found = without_zeros(container, Occupied.of(container.extents()), 2 * MIB)

    assert found.units(2 * MIB).tolist() == []
