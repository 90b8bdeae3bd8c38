"""Formats that are only recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    [("qcow", "qcow image")],
)
def test_formats_of_qemu_img_are_named(tmp_path: Path, fmt: str, words: str) -> None:
    patterned(tmp_path / "disk", 2 * MIB)
    image = tmp_path / "image"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, tmp_path / "disk", image)

    error = refusal(image)

    assert error.code == "image-format-unsupported"
    assert words in error.message
    assert "qemu-img convert" in error.hint


def test_a_7z_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))

    assert "7z archive" in refusal(tmp_path / "a.7z").message
    assert "unpack" in refusal(tmp_path / "a.7z").hint


def test_what_looks_like_another_format_can_be_forced_raw(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(b"vhdxfile" + bytes(4088))

    with open_container(path, force_format="raw") as container:
        assert container.pread(0, 8) == b"vhdxfile"
