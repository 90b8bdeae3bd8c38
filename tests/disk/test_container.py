"""Finding the format, and what every container does."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bootworthy.disk import container as container_module
from bootworthy.disk.container import Container, known_formats, open_container
from bootworthy.disk.extents import Extent, ExtentMap, Kind, make_rows
from bootworthy.disk.hostfile import HostFile
from bootworthy.model.errors import ImageError, UsageError
from tests.disk.making import MIB, open_descriptors, patterned, run, sparse


def refusal(path: str | Path) -> ImageError:
    """The error that opening gives."""
    with pytest.raises(ImageError) as caught:
        open_container(path)
    return caught.value


def test_raw_is_asked_last_and_vhd_first() -> None:
    names = [fmt.name for fmt in known_formats()]

    assert names[0] == "vhd"
    assert names[-1] == "raw"
    assert "qcow2" in names


def test_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", MIB)
    run("qemu-img", "convert", "-O", "qcow2", tmp_path / "disk", tmp_path / "disk.vhd")

    with open_container(tmp_path / "disk.vhd") as container:
        assert container.format == "qcow2"


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", MIB)
    run("qemu-img", "convert", "-O", "qcow2", tmp_path / "disk", tmp_path / "image")

    with open_container(tmp_path / "image", force_format="raw") as container:
        assert container.format == "raw"
        assert container.pread(0, 4) == b"QFI\xfb"


def test_an_unknown_format_is_a_matter_of_usage(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", MIB)

    for name in ("vmware", ""):
        with pytest.raises(UsageError) as caught:
            open_container(tmp_path / "disk", force_format=name)
        assert caught.value.code == "format-unknown"
        names = sorted({fmt.name for fmt in known_formats() if fmt.name})
        assert caught.value.hint == f"use {', '.join(names)}"


def test_a_disk_can_be_named_only_in_an_archive(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", MIB)
    before = open_descriptors()

    with pytest.raises(UsageError) as caught:
        open_container(tmp_path / "disk", disk="disk.img")

    assert caught.value.code == "disk-not-in-archive"
    assert open_descriptors() == before


@pytest.mark.parametrize("name", ["missing", "missing/file", "a\0b", "x" * 300])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    error = refusal(tmp_path / name)

    assert error.code == "image-not-found"
    assert error.exit_code == 3


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    assert refusal(tmp_path / "empty").code == "image-empty"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))

    assert "a directory" in refusal(tmp_path).message
    assert "a fifo" in refusal(tmp_path / "fifo").message
    assert "a socket" in refusal(tmp_path / "socket").message
    assert "a character device" in refusal("/dev/null").message
    assert refusal("/dev/null").code == "image-not-a-file"
    server.close()


def test_a_forbidden_file_is_named(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 512)
    path.chmod(0)
    user = os.geteuid()
    # Root may read everything, so be nobody for a moment; every directory above has to let us by.
    for directory in (tmp_path, *list(tmp_path.parents)[:2]) if user == 0 else ():
        directory.chmod(0o755)
    os.seteuid(65534 if user == 0 else user)
    try:
        error = refusal(path)
    finally:
        os.seteuid(user)

    assert error.code == "image-unreadable"
    assert "permissions" in error.hint


def test_closing_twice_does_no_harm_and_frees_the_file(tmp_path: Path) -> None:
    before = open_descriptors()
    container = open_container(sparse(tmp_path / "disk", 512))

    container.close()
    container.close()

    assert open_descriptors() == before


class Halves(Container):
    """Two units of 4 KiB, each encoded as the byte that fills it."""

    format = "halves"
    decoded = 0

    def map_extents(self) -> ExtentMap:
        return ExtentMap(8000, make_rows([0, 4096], 4096, Kind.ENCODED, host=[0, 1], stored=1))

    def decode_unit(self, extent: Extent) -> bytes:
        self.decoded += 1
        return self.file.pread(extent.host, 1) * 4096


def test_encoded_units_are_decoded_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"ab")

    with Halves(HostFile("file", os.open(tmp_path / "file", os.O_RDONLY)), 8000) as container:
        found = [container.pread(offset, 100) for offset in (0, 500, 4050, 4100, 7950)]
        assert container.decoded == 2

    assert found == [b"a" * 100, b"a" * 100, b"a" * 46 + b"b" * 54, b"b" * 100, b"b" * 50]


def test_few_units_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_module, "_CACHE_BYTES", 4096)
    (tmp_path / "file").write_bytes(b"ab")

    with Halves(HostFile("file", os.open(tmp_path / "file", os.O_RDONLY)), 8000) as container:
        for offset in (0, 4096, 0, 1):
            container.pread(offset, 1)
        assert container.decoded == 3
