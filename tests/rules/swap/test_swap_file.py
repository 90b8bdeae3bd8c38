from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import DropMounts, RemovePaths
from bootworthy.rules.swap.swap_file import check
from bootworthy.rules.swap.swap_partition import REASON
from tests.guest.memory import Link
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import ROOT_UUID, healthy
from tests.rules.making import Entry, finding, findings, subject

SWAP = bytes(4096 - 10) + b"SWAPSPACE2" + bytes(4096)
LINE = f"UUID={ROOT_UUID} / ext4 defaults 0 1\n"


def with_swap(fstab: str = "", files: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
    return healthy({"/etc/fstab": LINE + fstab, **(files or {})})


@pytest.mark.parametrize(
    ("fstab", "files"),
    [
        ("", {}),
        ("", {"/swapfile": "not swap"}),
        ("# /swapfile none swap sw 0 0\n", {}),
        ("/dev/zram0 none swap defaults 0 0\n", {}),
        ("ephemeral0.2 none swap sw,nofail 0 0\n", {}),
        ("/dev/disk/cloud/azure_resource-part2 none swap sw,nofail 0 0\n", {}),
        ("/mnt/resource/swapfile none swap sw 0 0\n", {"/mnt/resource/swapfile": SWAP}),
        ("", {"/mnt/swapfile": SWAP}),
    ],
)
def test_no_swap_on_the_os_disk(fstab: str, files: dict[str, Entry]) -> None:
    assert findings(check, subject(with_swap(fstab, files))) == ()


@pytest.mark.parametrize("path", ["/swapfile", "/swap.img", "/var/swap", "/swap/swapfile"])
def test_a_swap_file(path: str) -> None:
    found = finding(check, subject(with_swap(files={path: SWAP})))

    assert found.severity is Severity.WARNING
    assert found.message == f"{path} is swap"
    assert found.place.path == path
    assert found.found == "a swap file of 8192 bytes"
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=(path,)),)


def test_its_lines_in_fstab_go_too() -> None:
    lines = "/swapfile none swap sw 0 0\n/usr none none x 0 0\n/link swap swap sw\n"
    found = finding(
        check, subject(with_swap(lines, {"/swapfile": SWAP, "/link": Link("swapfile")}))
    )

    assert [str(place) for place in found.related] == ["/etc/fstab:2", "/etc/fstab:4"]
    assert found.fix is not None
    assert found.fix.steps[1] == DropMounts(lines=(2, 4), reason=REASON)


def test_a_name_with_wildcards_is_only_that_file() -> None:
    lines = "/data/[s]wap* none swap sw 0 0\n"
    found = finding(check, subject(with_swap(lines, {"/data/[s]wap*": SWAP})))
    assert found.fix is not None
    assert found.fix.steps[0] == RemovePaths(patterns=("/data/[[]s]wap[*]",))


@pytest.mark.parametrize(
    "spec", ["/dev/mapper/vg-swap", "UUID=00000000-0000-4000-8000-000000000000", "/gone"]
)
def test_a_line_that_leads_to_no_file(spec: str) -> None:
    found = finding(check, subject(with_swap(f"{spec} none swap sw 0 0\n")))

    assert str(found.place) == "/etc/fstab:2"
    assert found.found == f"{spec} none swap"
    assert found.fix is not None
    assert found.fix.steps == (DropMounts(lines=(2,), reason=REASON),)


def test_a_partition_of_the_image_has_a_rule_of_its_own(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk.img", (*disks.PARTS, disks.SWAP))
    disks.make_swap(path, 24 << 20, disks.SWAP.size)
    files = with_swap(f"UUID={disks.SWAP_UUID} none swap sw 0 0\n")

    assert findings(check, subject(files, image=opened(path))) == ()
    assert len(findings(check, subject(files))) == 1


def test_a_unit() -> None:
    unit = "/etc/systemd/system/data-swap.swap"
    wants = "/etc/systemd/system/swap.target.wants/data-swap.swap"
    files = with_swap(
        files={
            unit: "[Swap]\nWhat=/data/swap\n[Install]\nWantedBy=swap.target\n",
            wants: Link(unit),
        }
    )

    found = finding(check, subject(files))

    assert found.place.path == unit
    assert found.found == "What=/data/swap"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
