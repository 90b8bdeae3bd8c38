from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.guest.engines.fat import FatTree
from bootworthy.guest.tree import Kind
from bootworthy.model.errors import GuestError, HostError
from tests.guest.engines.conditions import needs_mtools
from tests.guest.engines.disks import MIB, Part, fill, write_files

pytestmark = needs_mtools

_START = 3 * MIB


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.truncate(_START + 8 * MIB)
    files = write_files(
        tmp_path / "esp", {"EFI/BOOT/BOOTX64.EFI": "loader", "EFI/debian/grub.cfg": "x"}
    )
    fill(path, Part(kind="vfat", size=8 * MIB, files=files, label="ESP"), _START)
    return path.rename(tmp_path / "a disk: with, an odd@@77 name.raw")


@pytest.fixture
def tree(image: Path) -> Iterator[FatTree]:
    opened = FatTree(image, _START, place="partition 1 (vfat)")
    yield opened
    opened.close()


def _again(image: Path) -> FatTree:
    return FatTree(image, _START, place="partition 1 (vfat)")


def _fsck(image: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.write_bytes(image.read_bytes()[_START:])
    done = subprocess.run(
        ["fsck.fat", "-n", str(alone)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_reads_whatever_the_case(tree: FatTree) -> None:
    assert tree.listdir("/") == ["EFI"]
    assert tree.read("/efi/boot/bootx64.efi") == b"loader"
    status = tree.status("/EFI/BOOT/BOOTX64.EFI")
    assert (status.kind, status.mode, status.uid, status.size) == (Kind.FILE, 0o755, 0, 6)
    assert tree.status("/efi").kind is Kind.DIRECTORY
    with pytest.raises(FileNotFoundError):
        tree.read("/efi/missing")


def test_an_empty_file_system(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    with path.open("wb") as file:
        file.truncate(2 * MIB)
    fill(path, Part(kind="vfat", size=2 * MIB))
    tree = FatTree(path, 0, place="here")
    assert tree.listdir("/") == []
    tree.write("/first", b"1")
    assert tree.listdir("/") == ["first"]
    tree.close()


def test_writes_reach_the_image(tree: FatTree, image: Path, tmp_path: Path) -> None:
    tree.write("/EFI/boot/bootx64.efi", b"new loader" * 1000)
    tree.write("/EFI/a new directory/with a long name.cfg", b"cfg")
    tree.write("/ünïcode.txt", b"u")
    tree.remove("/efi/DEBIAN")
    again = _again(image)
    assert again.listdir("/EFI") == ["BOOT", "a new directory"]
    assert again.listdir("/EFI/BOOT") == ["BOOTX64.EFI"]
    assert again.read("/EFI/BOOT/BOOTX64.EFI") == b"new loader" * 1000
    assert again.read("/EFI/a new directory/with a long name.cfg") == b"cfg"
    assert again.read("/ünïcode.txt") == b"u"
    again.close()
    _fsck(image, tmp_path)


def test_what_is_around_stays(tree: FatTree, image: Path) -> None:
    before = image.read_bytes()[:_START]
    tree.write("/new", bytes(100_000))
    assert image.read_bytes()[:_START] == before
    assert image.stat().st_size == _START + 8 * MIB


def test_changes_of_others_are_seen_after_forgetting(tree: FatTree, image: Path) -> None:
    assert tree.listdir("/") == ["EFI"]
    other = _again(image)
    other.write("/other", b"o")
    other.close()
    tree.forget()
    assert tree.listdir("/") == ["EFI", "other"]


def test_no_modes_owners_or_links(tree: FatTree) -> None:
    tree.chmod("/EFI/debian/grub.cfg", 0o600)
    tree.chown("/EFI/debian/grub.cfg", 7, 7)
    status = tree.status("/EFI/debian/grub.cfg")
    assert (status.mode, status.uid) == (0o755, 0)
    with pytest.raises(PermissionError):
        tree.symlink("x", "/link")
    with pytest.raises(FileNotFoundError):
        tree.chmod("/missing", 0o600)


def test_a_full_file_system(tree: FatTree) -> None:
    with pytest.raises(OSError) as caught:
        tree.write("/big", os.urandom(9 * MIB))
    assert caught.value.errno == errno.ENOSPC
    assert tree.listdir("/") == ["EFI"]


def test_what_was_there_comes_back_when_there_is_no_room(
    tree: FatTree, image: Path, tmp_path: Path
) -> None:
    old = os.urandom(5 * MIB)
    tree.write("/EFI/initrd", old)
    with pytest.raises(OSError) as caught:
        tree.write("/EFI/initrd", os.urandom(9 * MIB))
    assert caught.value.errno == errno.ENOSPC
    again = _again(image)
    assert again.read("/EFI/initrd") == tree.read("/EFI/initrd") == old
    again.close()
    _fsck(image, tmp_path)


def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(bytes(MIB))
    tree = FatTree(path, 0, place="partition 1 (vfat)")
    with pytest.raises(GuestError) as caught:
        tree.listdir("/")
    assert caught.value.code == "guest-file-system-corrupt"
    assert "partition 1 (vfat)" in caught.value.message


def test_copies_are_removed(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    tree = _again(image)
    assert list(temporary.iterdir()) == []
    tree.read("/EFI/debian/grub.cfg")
    assert len(list(temporary.iterdir())) == 1
    tree.close()
    tree.close()
    assert list(temporary.iterdir()) == []


def test_without_mtools_the_hint_says_how(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(HostError) as caught:
        _again(image)
    assert caught.value.code == "host-tool-missing"
    assert "apt install mtools" in caught.value.hint
