"""A part of a file, read as if it were one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.wrapped import WindowFile
from bootworthy.model.errors import ImageError


def filled(file: HostFile, start: int, size: int) -> bytes:
    """Bytes of a file, read into memory that was there before."""
    memory = bytearray(size)
    file.fill(memoryview(memory), start, "data")
    return bytes(memory)


def test_a_window_shows_its_part_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before" + b"inside" + b"after")
    outer = HostFile("file", os.open(path, os.O_RDONLY))
    window = WindowFile(outer, 6, 6, "file, part")
    outer.close()

    assert window.size == 6
    assert window.pread(0, 100) == b"inside"
    assert window.pread(2, 2) == b"si"
    assert window.pread(6, 5) == b""
    assert window.pread(100, 5) == b""
    with pytest.raises(ImageError) as caught:
        window.pread_exact(3, 4, "data")
    assert caught.value.code == "image-truncated"
    assert "file, part" in caught.value.message
    assert filled(window, 0, 6) == b"inside"
    assert filled(window, 2, 2) == b"si"
    for start, size in ((3, 4), (6, 1), (100, 1)):
        with pytest.raises(ImageError) as caught:
            filled(window, start, size)
        assert caught.value.code == "image-truncated"
    window.refuse_shrunk()
    os.truncate(path, 11)
    with pytest.raises(ImageError, match="ends at byte 6"):
        window.refuse_shrunk()
    window.close()
