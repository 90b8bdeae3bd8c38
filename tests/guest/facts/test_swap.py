"""Swap files are told by their signature, units by whether they start."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.facts.fstab import parse
from bootworthy.guest.facts.swap import SwapFile, read
from bootworthy.model.finding import Place
from tests.guest.memory import Link, MemoryTree


def swap(page: int = 4096, magic: bytes = b"SWAPSPACE2") -> bytes:
    return b"\0" * (page - 10) + magic + b"\0" * page


@pytest.mark.parametrize(
    "path", ["/swapfile", "/swap.img", "/swap/swapfile", "/var/swap", "/mnt/resource/swapfile"]
)
def test_swap_files_lying_about(path: str) -> None:
    found = read(MemoryTree({path: swap()}), parse(""))

    assert found.files == (SwapFile(path=path, size=8192),)
    assert found.units == ()


def test_other_files_of_that_name_are_not_swap() -> None:
    tree = MemoryTree(
        {"/swapfile": b"\0" * 8192, "/swap.img": b"short", "/swap/x": Link("/dev/zero")}
    )

    assert read(tree, parse("/swapfile none swap sw 0 0\n")).files == ()


@pytest.mark.parametrize("page", [4096, 8192, 16384, 65536])
def test_every_page_size(page: int) -> None:
    found = read(MemoryTree({"/swapfile": swap(page)}), parse(""))

    assert found.files == (SwapFile(path="/swapfile", size=2 * page),)


@pytest.mark.skipif(shutil.which("mkswap") is None, reason="no mkswap to compare with")
def test_a_file_made_by_mkswap(tmp_path: Path) -> None:
    (tmp_path / "swap").write_bytes(b"\0" * (1 << 20))
    (tmp_path / "swap").chmod(0o600)
    subprocess.run(["mkswap", tmp_path / "swap"], capture_output=True, check=True)

    found = read(MemoryTree({"/swapfile": (tmp_path / "swap").read_bytes()}), parse(""))

    assert found.files == (SwapFile(path="/swapfile", size=1 << 20),)


def test_files_that_fstab_and_units_name() -> None:
    tree = MemoryTree(
        {
            "/data/swap0": swap(),
            "/data/link": Link("swap0"),
            "/data/swap1": swap(),
            "/data/swap2": swap(),
            "/etc/systemd/system/data-swap1.swap": "[Swap]\nWhat=/data/swap1\n",
            "/etc/systemd/system/swap.target.wants/data-swap1.swap": Link("../data-swap1.swap"),
            "/etc/systemd/system/data-swap2.swap": "[Swap]\nWhat=/data/swap2\n"
            "[Install]\nWantedBy=swap.target\n",
            "/etc/dphys-swapfile": "CONF_SWAPFILE=/data/swap3\n",
            "/data/swap3": swap(),
        }
    )

    found = read(tree, parse("/data/link none swap sw 0 0\nUUID=1 none swap sw 0 0\n"))

    assert [file.path for file in found.files] == ["/data/swap0", "/data/swap1", "/data/swap3"]
    assert found.units == (Place("/etc/systemd/system/data-swap1.swap", within="/data/swap1"),)


def test_damaged_units_and_settings_are_passed_over() -> None:
    tree = MemoryTree(
        {
            "/usr/lib/systemd/system/x.swap": b"\0",
            "/etc/systemd/system/swap.target.wants/x.swap": Link("/usr/lib/systemd/system/x.swap"),
            "/etc/dphys-swapfile": b"\0",
            "/swapfile": swap(),
        }
    )

    found = read(tree, parse(""))

    assert [file.path for file in found.files] == ["/swapfile"]
    assert found.units == (Place("/usr/lib/systemd/system/x.swap"),)
