"""The small images are what their names say, in the eyes of other tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.guests import small

_MIB = 1024 * 1024


def _probe(image: Path, offset: int) -> dict[str, str]:
    argv = ["blkid", "-p", "-O", str(offset), "-o", "export", str(image)]
    said = subprocess.run(argv, check=False, capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in said.splitlines())


def _cat(image: Path, offset: int, name: str) -> str:
    argv = ["debugfs", "-R", f"cat /{name}", f"{image}?offset={offset}"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def test_one_linux_takes_files_of_the_caller(tmp_path: Path) -> None:
    image = small.one_linux(tmp_path / "disk.raw", {"etc/hostname": "other\n"})
    assert _probe(image, _MIB)["TYPE"] == "ext4"
    assert _cat(image, _MIB, "etc/os-release").startswith('PRETTY_NAME="Debian GNU/Linux 12')
    assert _cat(image, _MIB, "etc/hostname") == "other\n"
    assert image.stat().st_size == 9 * _MIB


def test_two_linuxes_are_told_apart(tmp_path: Path) -> None:
    image = small.two_linuxes(tmp_path / "disk.raw")
    offsets = (_MIB, 9 * _MIB)
    assert [_cat(image, offset, "etc/hostname") for offset in offsets] == ["web01\n", "web02\n"]
    assert len({_probe(image, offset)["UUID"] for offset in offsets}) == 2


def test_no_linux_holds_data_only(tmp_path: Path) -> None:
    image = small.no_linux(tmp_path / "disk.raw")
    assert _cat(image, _MIB, "backup/2024-03-05.sql").startswith("INSERT")
    assert _cat(image, _MIB, "etc/os-release") == ""


def test_luks_satisfies_cryptsetup(tmp_path: Path) -> None:
    image = small.luks(tmp_path / "disk.raw")
    assert _probe(image, _MIB)["TYPE"] == "crypto_LUKS"
    volume = tmp_path / "volume"
    volume.write_bytes(image.read_bytes()[_MIB:])
    argv = ["cryptsetup", "luksDump", str(volume)]
    dump = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert "cipher: aes-xts-plain64" in dump


@pytest.mark.parametrize(
    ("make", "offset", "kind"),
    [
        (small.ntfs, _MIB, "ntfs"),
        (small.whole_disk_ext4, 0, "ext4"),
        (small.no_table, 0, None),
    ],
)
def test_kinds(tmp_path: Path, make: small.Maker, offset: int, kind: str | None) -> None:
    assert _probe(make(tmp_path / "disk.raw"), offset).get("TYPE") == kind


def test_empty_table_has_no_partition(tmp_path: Path) -> None:
    image = small.empty_table(tmp_path / "disk.raw")
    argv = ["sfdisk", "--dump", str(image)]
    dump = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert "label: gpt" in dump
    assert "start=" not in dump
