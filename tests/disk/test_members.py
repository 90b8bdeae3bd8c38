from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk.image import Image, open_image
from bootworthy.disk.members import Incomplete, incomplete
from tests.disk.making import MIB, patch, run
from tests.guest.engines.disks import Part, make_disk

NONE = Part(kind="none", size=2 * MIB)
PLACES = (MIB, 3 * MIB)
IDENTITIES = ("A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6", "B1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6")


def look(path: Path) -> tuple[Incomplete, ...]:
    with open_image(path) as image:
        return incomplete(image.pread, image.file_systems)


def grouped(identity: str) -> str:
    """An identifier as LVM writes it into its metadata."""
    lengths, parts = (6, 4, 4, 4, 4, 4, 6), []
    for length in lengths:
        parts.append(identity[:length])
        identity = identity[length:]
    return "-".join(parts)


def metadata(*identities: str) -> bytes:
    """A group of these physical volumes, in LVM's own format."""
    volumes = "".join(
        f'\t\tpv{number} {{\n\t\t\tid = "{grouped(identity)}"\n\t\t\tdevice = "/dev/sda1"\n\t\t}}\n'
        for number, identity in enumerate(identities)
    )
    group = f'\tid = "{grouped("Z" * 32)}"\n\tphysical_volumes {{\n{volumes}\t}}\n'
    return f"vg {{\n{group}\tlogical_volumes {{\n\t}}\n}}\n".encode()


def make_volume(path: Path, start: int, identity: str, text: bytes, *, wrap: bool = False) -> None:
    """A physical volume with metadata in a ring of 64 KiB, if so wanted over its end."""
    area, size = 4096, 60 << 10
    where = size - 100 if wrap else 512
    label = struct.pack("<8sQII8s", b"LABELONE", 1, 0, 32, b"LVM2 001") + identity.encode()
    lists = (2 * MIB, MIB, 0, 0, 0, area, size, 0, 0)
    patch(path, start + 512, label + struct.pack("<9Q", *lists))
    header = struct.pack("<I16sIQQ", 0, b" LVM2 x[5A%r0N*>", 1, area, size)
    patch(path, start + area, header + struct.pack("<QQII", where, len(text), 0, 0))
    patch(path, start + area + where, text[: size - where])
    patch(path, start + area + 512, text[size - where :] if wrap else b"")


def test_btrfs_of_two_disks(tmp_path: Path) -> None:
    names = [tmp_path / "a", tmp_path / "b"]
    for name in names:
        with name.open("wb") as file:
            file.truncate(128 * MIB)
    run("mkfs.btrfs", "-q", "-d", "single", "-m", "single", *names)

    assert look(names[0]) == (Incomplete(partition=0, kind="btrfs", members=2, here=1),)


def test_btrfs_of_one_disk(tmp_path: Path) -> None:
    alone = tmp_path / "a"
    with alone.open("wb") as file:
        file.truncate(128 * MIB)
    run("mkfs.btrfs", "-q", alone)

    assert look(alone) == ()


@pytest.mark.parametrize("wrap", [False, True])
def test_a_group_with_a_volume_elsewhere(tmp_path: Path, wrap: bool) -> None:
    path = make_disk(tmp_path / "disk", (NONE,))
    make_volume(path, MIB, IDENTITIES[0], metadata(*IDENTITIES), wrap=wrap)

    assert look(path) == (Incomplete(partition=1, kind="LVM2_member", members=2, here=1),)


def test_a_group_that_is_whole(tmp_path: Path) -> None:
    path = make_disk(tmp_path / "disk", (NONE, NONE))
    for place, identity in zip(PLACES, IDENTITIES, strict=True):
        make_volume(path, place, identity, metadata(*IDENTITIES))

    assert look(path) == ()


@pytest.mark.parametrize(
    "junk",
    [b"", b"\xff" * 72, struct.pack("<9Q", 0, 1, 1, 0, 0, 2**63, 2**63, 0, 0)],
    ids=["none", "ones", "far"],
)
def test_metadata_that_are_none(tmp_path: Path, junk: bytes) -> None:
    path = make_disk(tmp_path / "disk", (NONE,))
    make_volume(path, MIB, IDENTITIES[0], metadata(*IDENTITIES))
    patch(path, MIB + 512 + 64, junk.ljust(400, b"\0"))

    assert look(path) == ()


@pytest.mark.parametrize(("size", "offset"), [(2**40, 512), (100, 2**40), (0, 512), (100, 8)])
def test_a_ring_with_odd_numbers(tmp_path: Path, size: int, offset: int) -> None:
    path = make_disk(tmp_path / "disk", (NONE,))
    make_volume(path, MIB, IDENTITIES[0], metadata(*IDENTITIES))
    patch(path, MIB + 4096 + 40, struct.pack("<QQ", offset, size))

    assert look(path) == ()


def array(path: Path, level: int, disks: int, *places: int) -> Image:
    for place in places:
        superblock = struct.pack("<III", 0xA92B4EFC, 1, 0).ljust(256, b"\0")
        patch(path, place, superblock)
        patch(path, place + 72, struct.pack("<i", level))
        patch(path, place + 92, struct.pack("<I", disks))
    return open_image(path)


@pytest.mark.parametrize(("level", "survives"), [(1, True), (0, False), (5, False), (-1, False)])
def test_an_array_with_a_disk_elsewhere(tmp_path: Path, level: int, survives: bool) -> None:
    path = make_disk(tmp_path / "disk", (NONE, NONE))
    with array(path, level, 3, *PLACES) as image:
        assert incomplete(image.pread, image.file_systems) == (
            Incomplete(partition=1, kind="linux_raid_member", members=3, here=2, survives=survives),
        )


def test_an_array_that_is_whole(tmp_path: Path) -> None:
    path = make_disk(tmp_path / "disk", (NONE, NONE))
    with array(path, 0, 2, *PLACES) as image:
        assert incomplete(image.pread, image.file_systems) == ()
