"""Disks compared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootworthy.disk.comparing import first_difference
from bootworthy.disk.container import open_container
from tests.disk.making import MIB, needs, patch, patterned, run, sparse

Patches = tuple[tuple[int, bytes], ...]


def compare(source: Path, copy: Path, patches: Patches = ()) -> int | None:
    with open_container(source) as one, open_container(copy) as other:
        return first_difference(one, other, patches=patches)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A disk and a longer copy of it."""
    data = patterned(tmp_path / "a", 13 * MIB + 512)
    (tmp_path / "b").write_bytes(data.ljust(14 * MIB, b"\0"))
    return tmp_path / "a", tmp_path / "b"


def test_equal_but_for_the_length(pair: tuple[Path, Path]) -> None:
    assert compare(*pair) is None


@pytest.mark.parametrize("place", [0, MIB, 8 * MIB - 1, 8 * MIB, 13 * MIB + 600, 14 * MIB - 1])
def test_the_first_difference_is_told(pair: tuple[Path, Path], place: int) -> None:
    before = pair[1].read_bytes()[place]
    patch(pair[1], place, bytes([before ^ 1]))

    assert compare(*pair) == place


def test_what_is_missing_in_the_copy(tmp_path: Path) -> None:
    sparse(tmp_path / "a", 20 * MIB)
    patch(tmp_path / "a", 17 * MIB, b"x")

    assert compare(tmp_path / "a", sparse(tmp_path / "b", 20 * MIB)) == 17 * MIB


def test_patches_are_expected(pair: tuple[Path, Path]) -> None:
    patches = ((4 * MIB - 2, b"over windows"), (14 * MIB - 3, b"end"))
    for offset, data in patches:
        patch(pair[1], offset, data)

    assert compare(*pair) == 4 * MIB - 2
    assert compare(*pair, patches) is None
    assert compare(*pair, (*patches, (100, b"missing"))) in range(100, 107)


def test_a_shorter_copy(tmp_path: Path) -> None:
    sparse(tmp_path / "a", 20 * MIB)
    patch(tmp_path / "a", 19 * MIB, b"beyond")

    assert compare(tmp_path / "a", sparse(tmp_path / "b", 18 * MIB)) is None


@needs("qemu-img")
def test_compressed_against_plain(tmp_path: Path) -> None:
    patterned(tmp_path / "a")
    run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", tmp_path / "a", tmp_path / "q")

    assert compare(tmp_path / "q", tmp_path / "a") is None


@needs("qemu-img")
def test_memory_is_bounded(tmp_path: Path) -> None:
    # A quarter GiB of clusters of 2 MiB that compress to nearly nothing, against plain bytes.
    (tmp_path / "a").write_bytes(b"\x07" * (256 * MIB))
    options = "cluster_size=2M,compression_type=zstd"
    argv = ("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options)
    run(*argv, tmp_path / "a", tmp_path / "q")
    script = (
        "import re, sys\n"
        "from bootworthy.disk.comparing import first_difference\n"
        "from bootworthy.disk.container import open_container\n"
        "with open_container(sys.argv[1]) as a, open_container(sys.argv[2]) as b:\n"
        "    assert first_difference(a, b) is None\n"
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "q", tmp_path / "a"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert int(done.stdout) < 200 * 1024
