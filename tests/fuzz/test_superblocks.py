"""Superblocks and VHD footers of a stranger's making."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.disk import footer
from bootworthy.disk.members import incomplete
from bootworthy.disk.room import room_of
from bootworthy.disk.superblocks import identify
from bootworthy.model.image import FileSystem
from tests.disk.making import MIB, run, sparse
from tests.fuzz.hostile import BOUNDED, Patch, modest_memory, only_image_errors, patched, patches

MAKERS = {
    "ext4": (8, ("mke2fs", "-q", "-t", "ext4")),
    "fat12": (2, ("mkfs.vfat", "-F", "12")),
    "fat16": (20, ("mkfs.vfat", "-F", "16")),
    "fat32": (40, ("mkfs.vfat", "-F", "32", "-n", "LABEL")),
    "ntfs": (8, ("mkntfs", "-q", "-F", "-L", "label")),
    "xfs": (310, ("mkfs.xfs", "-q")),
    "btrfs": (120, ("mkfs.btrfs", "-q")),
}

_HEAD = 256 << 10


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, Path]]:
    """Each file system, and its size."""
    made = {}
    for name, (mib, argv) in MAKERS.items():
        path = sparse(tmp_path_factory.mktemp("fuzz") / name, mib * MIB)
        run(*argv, path)
        made[name] = (mib * MIB, path)
    return made


def find(data: bytes, size: int) -> FileSystem:
    """What a partition of ``size`` bytes carries that begins with ``data`` and goes on with it.

    How much room it has and which members it lacks is asked as well.
    """

    def read_at(offset: int, length: int) -> bytes:
        # A hostile partition answers everywhere: repeat its beginning to its end.
        assert length <= 4 * MIB
        start = offset % len(data)
        return (data[start:] + data * (length // len(data) + 1))[:length]

    found = identify(read_at, partition=1, start=0, size=size)
    room = room_of(read_at, found)
    assert room is None or 0 <= room.free <= room.size <= size
    assert all(volume.members > volume.here > 0 for volume in incomplete(read_at, (found,)))
    return found


@BOUNDED
@given(
    name=st.sampled_from(sorted(MAKERS)),
    changes=patches((0, 512), (1024, 1536), (0x8000, 0x8100), (0x10000, 0x10200), (0, _HEAD)),
    larger=st.sampled_from([0, 1 << 30, 1 << 62]),
)
def test_file_systems(
    heads: dict[str, tuple[int, Path]], name: str, changes: list[Patch], larger: int
) -> None:
    size, path = heads[name]
    with path.open("rb") as file:
        data = file.read(_HEAD)

    with modest_memory():
        found = find(patched(data, changes), size + larger)

    assert isinstance(found.kind, str)
    assert len(found.label) <= 4096


MAGICS = st.sampled_from(
    [
        (0, b"XFSB"),
        (3, b"NTFS    "),
        (0x438, b"\x53\xef"),
        (0x10040, b"_BHRfS_M"),
        (0x8000, b"\x01CD001"),
        (0, b"LUKS\xba\xbe\0\2"),
        (512, b"LABELONE"),
        (536, b"LVM2 001"),
        (532, b"\x20\0\0\0"),
        (580, b" LVM2 x[5A%r0N*>"),
        (4086, b"SWAPSPACE2"),
        (4096, b"\xfc\x4e\x2b\xa9\x01\0\0\0"),
        (0, b"hsqs"),
        (0, b"\xeb\x58\x90MSDOS5.0\0\2\1\2\0\2\0\2\0\0\xf8"),
        (510, b"\x55\xaa"),
    ]
)


@BOUNDED
@given(
    magics=st.lists(MAGICS, min_size=1, max_size=4),
    seed=st.integers(0, 1 << 32),
    size=st.integers(0, 1 << 63),
)
def test_noise_with_a_name(magics: list[Patch], seed: int, size: int) -> None:
    data = patched(_noise(seed), magics)

    with modest_memory():
        found = find(data, size)

    assert found.size == size


def _noise(seed: int) -> bytes:
    """Noise and zeros in turn, 80 KiB of it."""
    source = random.Random(seed)  # noqa: S311 - noise, not a secret
    return b"".join(source.randbytes(512) + bytes(512) for _ in range(80))


@BOUNDED
@given(changes=patches((0, 512)), size=st.integers(0, 1 << 50))
def test_footers(changes: list[Patch], size: int) -> None:
    raw = patched(footer.build(64 * MIB), changes)

    def use() -> None:
        found = footer.parse(raw)
        problems = footer.problems_of(found, size)
        assert found.virtual_size >= 0
        assert len(problems) <= 8

    only_image_errors(use)
