from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.rules import devices
from bootworthy.rules.devices import Presence, presence
from tests.guest.engines.disks import MIB, Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import ESP_UUID, ROOT_UUID, healthy
from tests.rules.making import subject

NOWHERE = "00000000-1111-4222-8333-444444444444"


@pytest.mark.parametrize(
    "spec",
    [
        f"UUID={ROOT_UUID}",
        f'UUID="{ROOT_UUID}"',
        f"UUID={ESP_UUID}",
        f"/dev/disk/by-uuid/{ROOT_UUID}",
        "/dev/sda3",
        "/dev/vda2",
        "/dev/nvme0n1p1",
    ],
)
def test_what_is_here(healthy_image: Image, spec: str) -> None:
    assert presence(healthy_image, spec) is Presence.HERE


def test_a_partition_goes_by_its_own_uuid_in_any_case(healthy_image: Image) -> None:
    uuid = healthy_image.table.partitions[2].part_uuid

    assert presence(healthy_image, f"PARTUUID={uuid}") is Presence.HERE
    assert presence(healthy_image, f"PARTUUID={uuid.upper()}") is Presence.HERE


@pytest.mark.parametrize(
    "spec",
    [
        f"UUID={NOWHERE}",
        "LABEL=data",
        f"/dev/disk/by-uuid/{NOWHERE}",
        f"PARTUUID={NOWHERE}",
        "PARTLABEL=data",
        "/dev/sda4",
        "/dev/sdb1",
        "/dev/vdb",
        "/dev/xvdf1",
        "/dev/nvme1n1p1",
        "/dev/sr0",
        "/dev/cdrom",
        "/dev/fd0",
    ],
)
def test_what_is_not(healthy_image: Image, spec: str) -> None:
    assert presence(healthy_image, spec) is Presence.ABSENT


@pytest.mark.parametrize(
    "spec",
    [
        "/dev/mapper/vg-root",
        "/dev/vg/root",
        "/dev/md0",
        "/dev/dm-0",
        "/dev/disk/by-id/dm-uuid-LVM-abc",
        "/dev/root",
        f"PARTUUID={NOWHERE}/PARTNROFF=1",
        "ZFS=rpool/ROOT",
        "rpool/home",
        "tmpfs",
        "proc",
        "/srv/data",
        "",
    ],
)
def test_what_cannot_be_told(healthy_image: Image, spec: str) -> None:
    assert presence(healthy_image, spec) is Presence.UNKNOWN


@pytest.mark.parametrize(
    "hide", [disks.make_physical_volume, disks.make_raid_member, disks.make_luks]
)
def test_volumes_hide_file_systems(tmp_path: Path, opened: OpenImage, hide: object) -> None:
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, Part(kind="none", size=2 * MIB)))
    assert callable(hide)
    hide(path, 24 * MIB)
    image = opened(path)

    assert presence(image, f"UUID={NOWHERE}") is Presence.UNKNOWN
    assert presence(image, "LABEL=data") is Presence.UNKNOWN
    assert presence(image, f"PARTUUID={NOWHERE}") is Presence.ABSENT
    assert presence(image, "/dev/vdb1") is Presence.ABSENT


def test_kinds_whose_names_are_not_read(healthy_image: Image) -> None:
    assert presence(healthy_image, "LABEL=data", "f2fs") is Presence.UNKNOWN
    assert presence(healthy_image, "LABEL=data", "xfs") is Presence.ABSENT


@pytest.mark.parametrize(
    "spec",
    [
        "/dev/vda1",
        "/dev/vdb",
        "/dev/xvda1",
        "/dev/hda1",
        "/dev/nvme0n1p1",
        "/dev/mmcblk0p2",
        "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part1",
        "/dev/disk/by-id/ata-QEMU_HARDDISK_QM00001-part1",
    ],
)
def test_names_of_other_machines(spec: str) -> None:
    assert devices.is_foreign(spec)
    assert not devices.may_change(spec)


@pytest.mark.parametrize(
    "spec",
    [
        f"UUID={ROOT_UUID}",
        "/dev/mapper/vg-root",
        "/dev/disk/by-uuid/x",
        "/dev/disk/by-id/dm-uuid-LVM-abc",
        "/dev/disk/by-id/lvm-pv-uuid-abc",
        "/dev/disk/by-id/md-uuid-abc",
        "/dev/disk/azure/root-part1",
        "/dev/md0",
        "/dev/vg/root",
    ],
)
def test_names_that_travel(spec: str) -> None:
    assert not devices.is_foreign(spec)
    assert not devices.may_change(spec)


@pytest.mark.parametrize("spec", ["/dev/sda", "/dev/sda1", "/dev/sdaa15"])
def test_names_that_change(spec: str) -> None:
    assert devices.may_change(spec)
    assert not devices.is_foreign(spec)


def test_the_disk_knows_its_root_best(healthy_image: Image) -> None:
    files = healthy({"/etc/fstab": "/dev/sda1 / xfs defaults 0 1\n"})

    assert devices.root_file_system(subject(files)) == "xfs"
    assert devices.root_file_system(subject(files, image=healthy_image)) == "xfs"
    whole = subject(files, image=healthy_image, root_partition=disks.ROOT_NUMBER)
    assert devices.root_file_system(whole) == "ext4"


@pytest.mark.parametrize("fstab", ["", "/dev/sda1 / auto defaults 0 1\n", "# nothing\n"])
def test_a_root_that_nothing_tells(fstab: str) -> None:
    assert devices.root_file_system(subject(healthy({"/etc/fstab": fstab}))) == ""
