"""Parallels, byte for byte against qemu-img."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, patterned, raw_of, run


def convert(tmp_path: Path, size: int, options: str = "cluster_size=1M") -> Path:
    """A Parallels image of a patterned disk, made by qemu-img."""
    disk, image = tmp_path / "disk", tmp_path / "image.hds"
    patterned(disk, size)
    run("qemu-img", "convert", "-f", "raw", "-O", "parallels", "-o", options, disk, image)
    return image


@pytest.mark.parametrize("options", ["cluster_size=1M", "cluster_size=64k", "cluster_size=4M"])
@pytest.mark.parametrize("size", [5 * MIB + 1536, 4 * MIB, 512])
def test_reads_what_qemu_img_writes(tmp_path: Path, options: str, size: int) -> None:
    image = convert(tmp_path, size, options)

    with open_container(image) as container:
        assert container.format == "parallels"
        assert container.notes == ()
        assert container.pread(0, container.virtual_size + 5) == raw_of(
            image, tmp_path / "raw", fmt="parallels"
        )


def test_the_old_kind_counts_in_sectors(tmp_path: Path) -> None:
    size = 128
    head = struct.pack("<16sIIIIIQIIIQ", b"WithoutFreeSpace", 2, 16, 9, 63, 3, size, 0, 1, 0, 0)
    image = tmp_path / "image.hdd"
    image.write_bytes((head + struct.pack("<III", 64, 0, 1)).ljust(512, b"\0"))
    with image.open("ab") as file:
        file.write(b"c" * 63 * 512 + b"a" * 63 * 512)
    expected = b"a" * 63 * 512 + bytes(63 * 512) + b"c" * 2 * 512

    with open_container(image) as container:
        assert container.pread(0, size * 512) == expected
    assert raw_of(image, tmp_path / "raw", fmt="parallels") == expected


def test_an_image_left_open_is_noted(tmp_path: Path) -> None:
    image = convert(tmp_path, MIB)
    patch(image, 44, b"Ynot")

    with open_container(image) as container:
        assert "not closed" in container.notes[0]


@pytest.mark.parametrize(
    ("offset", "value", "code"),
    [
        (16, 3, "image-format-unsupported"),
        (28, 0, "image-corrupt"),
        (28, 1 << 30, "image-corrupt"),
        (32, 0, "image-corrupt"),
        (36, 0, "image-corrupt"),
        (36, 1 << 30, "image-corrupt"),
        (64, 1 << 20, "image-truncated"),
    ],
)
def test_headers_that_lie(tmp_path: Path, offset: int, value: int, code: str) -> None:
    image = convert(tmp_path, 4 * MIB)
    patch(image, offset, struct.pack("<I", value))

    with pytest.raises(ImageError) as caught, open_container(image) as container:
        container.pread(0, container.virtual_size)

    assert caught.value.code == code
    assert caught.value.hint
