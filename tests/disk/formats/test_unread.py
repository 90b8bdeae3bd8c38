"""Formats that are only recognised."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from bootworthy.disk.container import open_container
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patterned, run


def refusal(path: Path) -> ImageError:
    """The error that opening gives."""
    with pytest.raises(ImageError) as caught:
        open_container(path)
    return caught.value


@pytest.mark.parametrize(
    ("fmt", "words"),
    [("vhdx", "VHDX image"), ("qcow", "qcow image")],
)
def test_formats_of_qemu_img_are_named(tmp_path: Path, fmt: str, words: str) -> None:
    patterned(tmp_path / "disk", 2 * MIB)
    image = tmp_path / "image"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, tmp_path / "disk", image)

    error = refusal(image)

    assert error.code == "image-format-unsupported"
    assert words in error.message
    assert "qemu-img convert" in error.hint


@pytest.mark.parametrize(
    ("pack", "words"),
    [
        (gzip.compress, "gzip"),
        (lzma.compress, "xz"),
        (bz2.compress, "bzip2"),
        (zstandard.ZstdCompressor().compress, "zstd"),
    ],
)
def test_compressed_files_are_named(
    tmp_path: Path, pack: Callable[[bytes], bytes], words: str
) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(pack(patterned(tmp_path / "disk")))

    error = refusal(image)

    assert error.code == "image-format-unsupported"
    assert f"{words} file" in error.message
    assert "unpack" in error.hint


def test_archives_are_named(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", MIB)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "disk", "disk")
    with tarfile.open(tmp_path / "a.ova", "w", format=tarfile.USTAR_FORMAT) as bundle:
        bundle.add(tmp_path / "disk", "disk")

    assert "zip archive" in refusal(tmp_path / "a.zip").message
    assert "OVA" in refusal(tmp_path / "a.ova").message


def test_what_looks_like_another_format_can_be_forced_raw(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(b"vhdxfile" + bytes(4088))

    with open_container(path, force_format="raw") as container:
        assert container.pread(0, 8) == b"vhdxfile"
