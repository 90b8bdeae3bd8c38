from __future__ import annotations

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.rules.partition.mount_name_unstable import check
from tests.rules.healthy import ROOT_UUID, healthy
from tests.rules.making import findings, subject


def look(line: str, image: Image | None = None) -> tuple[Finding, ...]:
    files = healthy({"/etc/fstab": f"# the disk\n{line}\n"})
    return findings(check, subject(files, image=image))


@pytest.mark.parametrize(
    "line",
    [
        f"UUID={ROOT_UUID} / ext4 defaults 0 1",
        "LABEL=root / ext4 defaults 0 1",
        "/dev/mapper/vg-root / ext4 defaults 0 1",
        "/dev/disk/by-id/dm-uuid-LVM-abc / ext4 defaults 0 1",
        "/dev/disk/by-uuid/abc / ext4 defaults 0 1",
        "/dev/disk/cloud/azure_resource-part1 /mnt auto defaults,nofail 0 2",
        "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0",
        "/dev/vda5 none swap sw 0 0",
        "tmpfs /tmp tmpfs defaults 0 0",
    ],
)
def test_names_that_travel_pass(healthy_image: Image, line: str) -> None:
    assert look(line, healthy_image) == ()
    assert look(line) == ()


@pytest.mark.parametrize("device", ["/dev/vda3", "/dev/xvda3", "/dev/hda3", "/dev/nvme0n1p3"])
def test_disks_of_other_machines(healthy_image: Image, device: str) -> None:
    (found,) = look(f"{device} / ext4 defaults 0 1", healthy_image)

    assert found.severity is Severity.ERROR
    assert found.message == f"/ is mounted by the name {device}"
    assert str(found.place) == "/etc/fstab:2"
    assert found.expected == f"UUID={ROOT_UUID}"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
    assert found.fix.title == f"write UUID={ROOT_UUID} instead"


def test_scsi_disks_are_there_in_some_order(healthy_image: Image) -> None:
    (found,) = look("/dev/sda3 / ext4 defaults 0 1", healthy_image)

    assert found.severity is Severity.WARNING
    assert found.expected == f"UUID={ROOT_UUID}"


@pytest.mark.parametrize("option", ["nofail", "noauto"])
def test_what_may_fail_is_a_warning(option: str) -> None:
    (found,) = look(f"/dev/vdb1 /data ext4 defaults,{option} 0 2")

    assert found.severity is Severity.WARNING


def test_without_a_disk_the_uuid_is_not_known() -> None:
    (found,) = look("/dev/vda1 / ext4 defaults 0 1")

    assert found.severity is Severity.ERROR
    assert found.expected == "UUID=…"
