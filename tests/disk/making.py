"""Disks to test with, made by the tools that judge the results."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootworthy.disk.mbr import ReadAt

MIB = 1 << 20


def run(*argv: str | Path, typed: str = "") -> str:
    """Run a program that must succeed; what it printed."""
    done = subprocess.run(
        [os.fspath(word) for word in argv], input=typed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skip a test where a judge is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def sparse(path: Path, size: int) -> Path:
    """A file of ``size`` bytes that is all hole."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def patterned(path: Path, size: int = 5 * MIB + 1536) -> bytes:
    """Write a disk with noise, text, single bytes and holes between them; its bytes.

    The size is no multiple of any cluster, and data touches both ends.
    """
    noise = random.Random(7).randbytes  # noqa: S311 - the same noise each time
    disk = bytearray(size)
    text = "".join(f"line {number}\n" for number in range(30000)).encode()
    for start, data in (
        (0, noise(70_000)),
        (MIB - 5, noise(10)),
        (3 * MIB // 2, text),
        (3 * MIB, noise(200_000)),
        (4 * MIB + 300, b"x"),
        (size - 900, noise(900)),
    ):
        inside = data[: max(size - start, 0)]
        disk[start : start + len(inside)] = inside
    with path.open("wb") as file:
        file.truncate(size)
        for start in range(0, size, 4096):
            block = disk[start : start + 4096]
            if any(block):
                file.seek(start)
                file.write(block)
    return bytes(disk)


def patch(path: Path, offset: int, data: bytes) -> None:
    """Overwrite bytes of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def reader(path: Path) -> ReadAt:
    """Reads a raw disk the way tables are read."""

    def read_at(offset: int, size: int) -> bytes:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(max(size, 0))

    return read_at


def large_sector_gpt(path: Path) -> Path:
    """Write a GPT of 4096-byte sectors with one partition of 2 MiB at 1 MiB."""
    run("fdisk", "-b", "4096", path, typed="g\nn\n1\n256\n+2M\nw\n")
    return path


def raw_of(image: Path, out: Path, *, fmt: str = "qcow2") -> bytes:
    """The disk in an image, as qemu-img reads it."""
    run("qemu-img", "convert", "-f", fmt, "-O", "raw", image, out)
    return out.read_bytes()


def open_descriptors() -> frozenset[str]:
    """What this process has open; others' leftovers may close at any time, so look for new ones."""
    return frozenset(str(path) for path in Path("/proc/self/fd").iterdir())


@contextmanager
def opened(path: Path, flags: int = os.O_RDWR) -> Iterator[int]:
    """A descriptor of a file."""
    fd = os.open(path, flags, 0o644)
    try:
        yield fd
    finally:
        os.close(fd)


def failing(number: int) -> object:
    """A system call that this host does not do."""

    def fail(*_: int) -> int:
        raise OSError(number, os.strerror(number))

    return fail
