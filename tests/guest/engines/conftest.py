from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guest.engines.disks import (
    BOOT_UUID,
    ESP_ID,
    ESP_TYPE,
    MIB,
    ROOT_UUID,
    Part,
    copy_data,
    fstab,
    make_disk,
    make_root,
    write_files,
)

ESP_FILES = {"EFI/BOOT/BOOTX64.EFI": "loader", "EFI/test/grub.cfg": "stub"}


@pytest.fixture
def root_directory(tmp_path: Path) -> Path:
    """A busybox root in a directory."""
    return make_root(tmp_path / "root")


@pytest.fixture(scope="session")
def uefi_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT disk with an ESP, /boot and a busybox root; copied by ``uefi_disk``."""
    work = tmp_path_factory.mktemp("uefi")
    root = make_root(work / "root", {"etc/fstab": fstab(boot=True, esp=True)})
    boot = write_files(work / "boot", {"efi/": "", "vmlinuz-1": "kernel", "grub/grub.cfg": "menu"})
    esp = write_files(work / "esp", ESP_FILES)
    return make_disk(
        work / "disk.raw",
        [
            Part(kind="vfat", size=4 * MIB, files=esp, uuid=ESP_ID, label="ESP", type_id=ESP_TYPE),
            Part(kind="ext4", size=8 * MIB, files=boot, uuid=BOOT_UUID, label="boot"),
            Part(kind="ext4", size=16 * MIB, files=root, uuid=ROOT_UUID, label="a root"),
        ],
    )


@pytest.fixture
def uefi_disk(uefi_template: Path, tmp_path: Path) -> Path:
    """A disk of one's own: ESP, /boot and root."""
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(uefi_template.stat().st_size)
    copy_data(uefi_template, disk, 0)
    return disk


@pytest.fixture
def small_tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A host file system of 20 MiB; needs root."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "small", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
