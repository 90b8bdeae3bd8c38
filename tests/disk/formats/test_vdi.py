"""VDI, byte for byte against qemu-img."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, patterned, raw_of, run


def convert(tmp_path: Path, size: int, options: str = "static=off") -> Path:
    """A VDI of a patterned disk, made by qemu-img."""
    disk, image = tmp_path / "disk", tmp_path / "image.vdi"
    patterned(disk, size)
    run("qemu-img", "convert", "-f", "raw", "-O", "vdi", "-o", options, disk, image)
    return image


def refusal(path: Path) -> ImageError:
    """The error that opening and reading gives."""
    with pytest.raises(ImageError) as caught, open_container(path) as container:
        container.pread(0, container.virtual_size)
    return caught.value


@pytest.mark.parametrize("options", ["static=off", "static=on", "preallocation=full"])
@pytest.mark.parametrize("size", [5 * MIB + 1536, 4 * MIB, 512])
def test_reads_what_qemu_img_writes(tmp_path: Path, options: str, size: int) -> None:
    image = convert(tmp_path, size, options)

    with open_container(image) as container:
        assert container.format == "vdi"
        assert container.pread(0, container.virtual_size + 5) == raw_of(
            image, tmp_path / "raw", fmt="vdi"
        )
        fixed = options == "static=on"
        assert container.details()[0] == ("type", "fixed" if fixed else "dynamic")


def test_discarded_blocks_are_zeros_and_odd_sizes_are_whole_sectors(tmp_path: Path) -> None:
    image = convert(tmp_path, 4 * MIB)
    patch(image, 0x200, b"\xfe\xff\xff\xff")
    patch(image, 0x170, struct.pack("<Q", 4 * MIB - 100))

    with open_container(image) as container:
        assert container.virtual_size == 4 * MIB
        assert next(iter(container.extents())).kind is Kind.ZERO
        assert container.pread(0, MIB) == bytes(MIB)


@pytest.mark.parametrize(
    ("offset", "value", "code", "words"),
    [
        (0x44, 1, "image-format-unsupported", "version 0.1"),
        (0x4C, 4, "image-format-unsupported", "differencing"),
        (0x4C, 9, "image-corrupt", "type 9"),
        (0x1A8, 9, "image-format-unsupported", "differencing"),
        (0x154, 0x201, "image-corrupt", "not aligned"),
        (0x158, 0, "image-corrupt", "behind its data"),
        (0x158, 0xFFFFFE00, "image-truncated", "data"),
        (0x168, 4096, "image-format-unsupported", "sectors of 4096"),
        (0x170, 0, "image-corrupt", "0 bytes"),
        (0x174, 1 << 20, "image-corrupt", "cannot hold"),
        (0x178, 0, "image-corrupt", "blocks would have"),
        (0x178, 3 << 20, "image-corrupt", "blocks would have"),
        (0x17C, 1 << 30, "image-corrupt", "extra"),
        (0x180, 1, "image-corrupt", "cannot hold"),
        (0x200, 5000, "image-corrupt", "behind the last"),
        (0x204, 0, "image-corrupt", "share one place"),
    ],
)
def test_headers_that_lie(tmp_path: Path, offset: int, value: int, code: str, words: str) -> None:
    image = convert(tmp_path, 4 * MIB)
    patch(image, offset, struct.pack("<I", value))

    error = refusal(image)

    assert error.code == code
    assert words in error.message
    assert error.hint


def test_a_file_cut_short_is_said(tmp_path: Path) -> None:
    image = convert(tmp_path, 4 * MIB)
    image.write_bytes(image.read_bytes()[: -MIB - 5])

    assert refusal(image).code == "image-truncated"
