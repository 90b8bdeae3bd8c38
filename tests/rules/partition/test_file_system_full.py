from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.model.finding import Severity
from bootworthy.rules.partition.file_system_full import check
from tests.disk.making import MIB, patch, run
from tests.guest.engines.disks import Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import (
    ESP_UUID,
    GRUB_CFG,
    INITRAMFS,
    MACHINE,
    RELEASE,
    ROOT_UUID,
    healthy,
    systemd_boot,
)
from tests.rules.making import Entry, finding, findings, subject

ROOT = 6 * MIB
BOOT_UUID = "66666666-2222-4333-8444-555555555555"
FSTAB: dict[str, Entry | None] = {
    "/etc/fstab": f"UUID={ROOT_UUID} / ext4 defaults 0 1\nUUID={BOOT_UUID} /boot ext4 x 0 2\n"
}


def set_free(path: Path, start: int, blocks: int) -> None:
    """What an ext superblock says of free blocks."""
    patch(path, start + 1024 + 0xC, blocks.to_bytes(4, "little"))


def test_room_passes(healthy_image: Image) -> None:
    whole = subject(healthy(), image=healthy_image, root_partition=disks.ROOT_NUMBER)
    assert findings(check, whole) == ()


def test_a_root_without_room(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk")
    set_free(path, ROOT, 100)

    full = subject(healthy(), image=opened(path), root_partition=disks.ROOT_NUMBER)
    found = finding(check, full)

    assert found.severity is Severity.WARNING
    assert found.message.startswith("the root is full")
    assert found.place.within == "partition 3"


def test_a_boot_partition_without_room_for_the_next_initramfs(
    tmp_path: Path, opened: OpenImage
) -> None:
    boot = Part(kind="ext4", size=4 * MIB, uuid=BOOT_UUID)
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, boot))
    files = healthy({**FSTAB, INITRAMFS: bytes(3 * MIB)})
    enough = subject(healthy(FSTAB), image=opened(path), root_partition=disks.ROOT_NUMBER)
    assert findings(check, enough) == ()

    tight = subject(files, image=opened(path), root_partition=disks.ROOT_NUMBER)
    found = finding(check, tight)

    assert found.message.startswith("/boot is full")
    assert found.expected == "at least 3.0 MiB free"
    assert found.place.within == "partition 4"


def test_a_partition_of_systemd_boot_without_room_for_the_next_initramfs(
    tmp_path: Path, opened: OpenImage
) -> None:
    esp = replace(disks.ESP, kind="none", size=40 * MIB)
    path = disks.disk(tmp_path / "disk", (disks.BIOS_BOOT, esp, disks.ROOT))
    # FAT32, which counts its free clusters, behind the partition of one MiB at one MiB.
    place = ("--offset", str(2 * MIB // 512), path, str(esp.size // 1024))
    run("mkfs.fat", "-F", "32", "-s", "1", "-i", ESP_UUID.replace("-", ""), *place)
    changes: dict[str, Entry | None] = {
        **systemd_boot(),
        GRUB_CFG: None,
        "/etc/fstab": f"UUID={ROOT_UUID} / ext4 x 0 1\nUUID={ESP_UUID} /boot/efi vfat x 0 1\n",
    }
    copy = f"/boot/efi/{MACHINE}/{RELEASE}/initrd.img-{RELEASE}"
    enough = subject(healthy(changes), image=opened(path), root_partition=disks.ROOT_NUMBER)
    assert findings(check, enough) == ()

    files = healthy({**changes, copy: bytes(40 * MIB)})
    tight = subject(files, image=opened(path), root_partition=disks.ROOT_NUMBER)
    found = finding(check, tight)

    assert found.message.startswith("/boot/efi is full")
    assert found.expected == "at least 40.0 MiB free"
    assert found.place.within == "partition 2"
