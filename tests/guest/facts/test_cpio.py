from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.facts import cpio
from tests.guest.initramfs_images import DIRECTORY, FILE, archive, entry, trailer


def everything(_name: str, _size: int) -> bool:
    return True


def in_pieces(data: bytes, size: int) -> cpio.ByteStream:
    source = io.BytesIO(data)
    return cpio.ByteStream(iter(lambda: source.read(size), b""))


@pytest.mark.parametrize("size", [1, 3, 7, 110, 4096])
def test_entries_across_pieces(size: int) -> None:
    data = archive({"d/": "", "d/a": "first", "d/b": b"x" * 300}) + archive({"e": "last"})
    found = list(cpio.read_archive(in_pieces(data, size), cpio.Budget(), everything))
    assert [(e.name, e.mode, e.size, e.data) for e in found] == [
        ("d", DIRECTORY, 0, None),
        ("d/a", FILE, 5, b"first"),
        ("d/b", FILE, 300, b"x" * 300),
        ("e", FILE, 4, b"last"),
    ]


@pytest.mark.parametrize("size", [1, 5, 64])
def test_byte_stream(size: int) -> None:
    stream = in_pieces(b"ab\0\0\0\0cdef", size)
    assert (stream.take(2), stream.offset) == (b"ab", 2)
    assert stream.skip_zeros()
    assert (stream.offset, stream.peek()) == (6, b"c")
    assert stream.skip(3)
    assert stream.take(9) == b"f"
    assert (stream.take(1), stream.peek(), stream.offset) == (b"", b"", 10)
    assert not stream.skip(1)
    assert not stream.skip_zeros()


def test_what_is_written_is_what_other_tools_write() -> None:
    written = cpio.format_archive([("a/b", FILE, b"data"), ("é", FILE, b"")])
    (first, second) = cpio.read_archive(cpio.ByteStream([written]), cpio.Budget(), everything)
    assert (first.name, first.data, first.links) == ("a/b", b"data", 1)
    assert (second.name, second.data) == ("é", b"")
    assert len(written) % 4 == 0


@pytest.mark.skipif(not shutil.which("cpio"), reason="cpio is not installed")
def test_gnu_cpio_unpacks_what_is_written(tmp_path: Path) -> None:
    written = cpio.format_archive([("d", DIRECTORY, b""), ("d/f", FILE, b"data" * 99)])
    subprocess.run(["cpio", "--quiet", "-i", "-m"], cwd=tmp_path, input=written, check=True)
    assert (tmp_path / "d" / "f").read_bytes() == b"data" * 99
    assert (tmp_path / "d" / "f").stat().st_mtime == 0


def test_without_drops_files_and_the_last_trailer() -> None:
    data = archive({"./a": "1", "b": "2"}) + archive({"c": "3", "/a": "4"})
    assert cpio.without(data, {"a"}) == entry("b", b"2") + trailer() + entry("c", b"3")


def test_without_keeps_an_archive_that_has_no_trailer() -> None:
    assert cpio.without(entry("b", b"2"), {"a"}) == entry("b", b"2")


def test_without_refuses_files_that_share_their_contents() -> None:
    data = entry("a", links=2) + entry("b", b"both", links=2) + trailer()
    with pytest.raises(cpio.ArchiveError, match="b inside shares its contents"):
        cpio.without(data, {"b"})
    assert cpio.without(data, {"c"}) == data[: -len(trailer())]


@pytest.mark.parametrize(
    ("name", "clean"), [("./a/b", "a/b"), ("/a", "a"), ("//a", "a"), ("a//b/", "a/b"), ("", "")]
)
def test_clean_name(name: str, clean: str) -> None:
    assert cpio.clean_name(name) == clean
