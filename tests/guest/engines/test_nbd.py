from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.guest.engines.appliance.nbd import NbdServer
from bootworthy.model.errors import ImageError

_SIZE = 3_000_320

needs_qemu = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="needs qemu-img")


@pytest.fixture
def content() -> bytes:
    return os.urandom(_SIZE)


@pytest.fixture
def server(content: bytes, tmp_path: Path) -> Iterator[NbdServer]:
    served = NbdServer(lambda offset, size: content[offset : offset + size], _SIZE, tmp_path)
    yield served
    served.close()


def _url(server: NbdServer) -> str:
    return f"nbd+unix:///?socket={server.path}"


@needs_qemu
def test_qemu_reads_what_is_served(server: NbdServer, content: bytes, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    argv = ["qemu-img", "convert", "-f", "raw", "-O", "raw", _url(server), str(copy)]
    subprocess.run(argv, check=True, capture_output=True)
    assert copy.read_bytes()[:_SIZE] == content


@needs_qemu
def test_qemu_learns_the_size(server: NbdServer) -> None:
    argv = ["qemu-img", "info", "-f", "raw", "--output=json", _url(server)]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert f'"virtual-size": {_SIZE}' in done.stdout


@needs_qemu
def test_qemu_may_not_write(server: NbdServer) -> None:
    argv = ["qemu-io", "-f", "raw", "-c", "write 0 512", _url(server)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "permission denied" in done.stderr.lower()


@needs_qemu
def test_many_clients_at_once(server: NbdServer, content: bytes, tmp_path: Path) -> None:
    copies = [tmp_path / str(number) for number in range(4)]
    argv = ["qemu-img", "convert", "-f", "raw", "-O", "raw", _url(server)]
    running = [subprocess.Popen([*argv, str(copy)]) for copy in copies]
    assert [process.wait(60) for process in running] == [0] * 4
    assert {copy.read_bytes()[:_SIZE] for copy in copies} == {content}


@needs_qemu
def test_damage_is_an_input_error(tmp_path: Path) -> None:
    def damaged(offset: int, size: int) -> bytes:
        if offset >= 1 << 20:
            raise ImageError("image-corrupt", "no")
        return bytes(size)

    server = NbdServer(damaged, 2 << 20, tmp_path)
    try:
        argv = ["qemu-io", "-f", "raw", "-r", "-c", "read 0 512", "-c", "read 1M 512", _url(server)]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert "read 512/512 bytes at offset 0" in done.stdout
        assert "Input/output error" in done.stdout + done.stderr
    finally:
        server.close()


@pytest.mark.parametrize(
    "garbage", [b"", b"\0" * 4, b"\0\0\0\3" + b"x" * 16, b"\0\0\0\3IHAVEOPT" + b"\xff" * 8]
)
def test_garbage_ends_the_connection(server: NbdServer, garbage: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(server.path))
        assert client.recv(18)[:8] == b"NBDMAGIC"
        client.sendall(garbage)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def test_closing_removes_what_was_opened(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - how many, not which
    NbdServer(lambda _offset, size: bytes(size), 512, tmp_path).close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - how many, not which


def test_a_directory_with_a_long_name(tmp_path: Path) -> None:
    long = tmp_path / ("d" * 200)
    long.mkdir()
    server = NbdServer(lambda _offset, size: bytes(size), 512, long)
    assert server.path.is_socket()
    server.close()
