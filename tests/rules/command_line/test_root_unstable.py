from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.rules.command_line.root_unstable import check
from tests.guest.engines.disks import MIB, Part
from tests.rules import disks
from tests.rules.command_line.menus import ENTRIES
from tests.rules.conftest import OpenImage
from tests.rules.healthy import GRUB_CFG, ROOT_UUID, grub_cfg, healthy
from tests.rules.making import findings, not_applicable, subject

NOWHERE = "00000000-1111-4222-8333-444444444444"


def look(image: Image, root: str) -> tuple[Finding, ...]:
    menu = grub_cfg().replace(f"root=UUID={ROOT_UUID}", f"root={root}")
    files = healthy({GRUB_CFG: menu})
    return findings(check, subject(files, image=image, root_partition=disks.ROOT_NUMBER))


@pytest.mark.parametrize(
    "root",
    [
        f"UUID={ROOT_UUID}",
        "/dev/mapper/vg-root",
        "/dev/vg/root",
        "/dev/md0",
        "ZFS=rpool/ROOT",
        "live:CDLABEL=x",
        "gpt-auto",
    ],
)
def test_names_that_travel_pass(healthy_image: Image, root: str) -> None:
    assert look(healthy_image, root) == ()


def test_the_uuid_of_the_partition_passes(healthy_image: Image) -> None:
    uuid = healthy_image.table.partitions[2].part_uuid
    assert look(healthy_image, f"PARTUUID={uuid}") == ()
    assert look(healthy_image, f"PARTUUID={uuid.upper()}") == ()


@pytest.mark.parametrize("root", ["/dev/vda3", "/dev/xvda3", "/dev/hda3", "/dev/nvme0n1p3"])
def test_disks_of_other_machines(healthy_image: Image, root: str) -> None:
    (found,) = look(healthy_image, root)

    assert found.severity is Severity.ERROR
    assert found.message == f"root={root}: not every machine on Azure has a disk of this name"
    assert found.expected == f"root=UUID={ROOT_UUID}"
    assert len(found.related) == ENTRIES - 1
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


@pytest.mark.parametrize(
    "root", [f"UUID={NOWHERE}", "LABEL=nothing", f"PARTUUID={NOWHERE}", "/dev/sda9", "/dev/sdb1"]
)
def test_a_root_that_is_elsewhere(healthy_image: Image, root: str) -> None:
    (found,) = look(healthy_image, root)

    assert found.severity is Severity.ERROR
    assert found.message == f"root={root}: no file system of the image is called that"


def test_scsi_disks_are_found_in_some_order(healthy_image: Image) -> None:
    (found,) = look(healthy_image, "/dev/sda3")

    assert found.severity is Severity.WARNING
    assert found.message.endswith("the name depends on the order in which disks are found")


@pytest.mark.parametrize(
    "hide", [disks.make_physical_volume, disks.make_raid_member, disks.make_luks]
)
def test_a_root_inside_a_volume(tmp_path: Path, opened: OpenImage, hide: object) -> None:
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, Part(kind="none", size=2 * MIB)))
    assert callable(hide)
    hide(path, 24 * MIB)

    assert look(opened(path), f"UUID={NOWHERE}") == ()


def test_a_file_tree_has_no_disk() -> None:
    assert not_applicable(check, subject(healthy())).startswith("there is no disk image")
