from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootworthy.guest.engines.base import DiskImage
from bootworthy.guest.engines.reader.session import open_file_system
from bootworthy.guest.engines.reader.source import TooMuchWork, Window, Work
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.image import FileSystem
from tests.guest.engines.conditions import needs_mtools
from tests.guest.engines.disks import MIB, Part, fill, write_files

_SECTOR = 512


@dataclass
class _Damaged:
    """A file system in memory, with sectors replaced, and a note of those that were read."""

    data: bytes
    kind: str
    sectors: dict[int, bytes] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    def pread(self, offset: int, size: int) -> bytes:
        first, last = offset // _SECTOR, (offset + size - 1) // _SECTOR
        self.touched.update(range(first, last + 1))
        data = bytearray(self.data[offset : offset + size])
        for number, sector in self.sectors.items():
            if first <= number <= last:
                at = number * _SECTOR - offset
                start, end = max(at, 0), min(at + _SECTOR, len(data))
                data[start:end] = sector[start - at : end - at]
        return bytes(data)

    def patch(self, offset: int, value: bytes) -> None:
        number, at = divmod(offset, _SECTOR)
        old = self.sectors.get(number, self.data[number * _SECTOR : (number + 1) * _SECTOR])
        self.sectors[number] = old[:at] + value + old[at + len(value) :]

    def open(self) -> Tree:
        where = FileSystem(partition=1, start=0, size=len(self.data), kind=self.kind)
        return open_file_system(cast("DiskImage", self), where)


def _made(directory: Path, kind: str) -> bytes:
    top = write_files(
        directory / kind,
        {
            "etc/os-release": "ID=test\n",
            "file": "text" * 700,
            **{f"many/a-name-{number}": str(number) for number in range(60)},
        },
    )
    if kind != "vfat":
        (top / "link").symlink_to("etc/os-release")
    size = {"ext4": 4, "ext3": 4, "vfat": 2, "btrfs": 128}[kind] * MIB
    path = directory / f"{kind}.disk"
    with path.open("wb") as file:
        file.truncate(size)
    options = ["-b", "1024"] if kind.startswith("ext") else []
    fill(path, Part(kind=kind, size=size, files=top, options=options))
    data = path.read_bytes()
    path.unlink()
    return data


_KINDS = ["ext4", "ext3", "btrfs", pytest.param("vfat", marks=needs_mtools)]


@pytest.fixture(scope="module", params=_KINDS)
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> _Damaged:
    """A sound file system; ``touched`` are the sectors that reading all of it takes."""
    disk = _Damaged(_made(tmp_path_factory.mktemp("sound"), request.param), request.param)
    assert len(list(_everything(disk))) >= 62
    disk.touched = {n for n in disk.touched if any(disk.data[n * _SECTOR : (n + 1) * _SECTOR])}
    return disk


def _everything(disk: _Damaged) -> Iterator[str]:
    """Read all there is, up to a thousand paths; OSError is what a tree may raise."""
    tree = disk.open()
    for path, status in tree.walk("/"):
        yield path
        with suppress(OSError):
            if status.kind is Kind.FILE:
                tree.pread_at(path, 1 << 20, 0)
            elif status.kind is Kind.LINK:
                tree.readlink_at(path)


_VALUES = st.one_of(
    st.sampled_from(
        [b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", b"\xff\xff\xff\x7f"]
    ),
    st.binary(min_size=1, max_size=16),
)
_PATCHES = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.integers(0, _SECTOR - 16), _VALUES),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(patches=_PATCHES)
def test_damage_is_an_error_that_says_so(
    sound: _Damaged, patches: list[tuple[int, int, bytes]]
) -> None:
    read = sorted(sound.touched)
    disk = _Damaged(sound.data, sound.kind)
    for number, at, value in patches:
        disk.patch(read[number % len(read)] * _SECTOR + at, value)
    assert _outcome(disk) in {
        "read",
        "guest-file-system-corrupt",
        "guest-file-system-unsupported",
        "OSError",
    }


def _outcome(disk: _Damaged) -> str:
    """How reading everything ends: read, or the code of the error; others are not caught."""
    try:
        for count, _ in enumerate(_everything(disk)):
            if count > 1000:
                break
    except GuestError as error:
        return error.code
    except OSError:
        return "OSError"
    return "read"


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _made(tmp_path_factory.mktemp("ext4"), "ext4")


def _refused(disk: _Damaged, path: str) -> str:
    with pytest.raises(GuestError) as caught:
        disk.open().read(path)
    return caught.value.code


@pytest.mark.parametrize(
    ("field_at", "value"),
    [
        (0x18, b"\xff\xff\xff\xff"),  # 1024 << 4294967295 bytes a block
        (0x18, b"\x20\0\0\0"),
        (0x20, b"\0\0\0\0"),  # no blocks in a group
        (0x28, b"\0\0\0\0"),  # no inodes in a group
        (0x58, b"\0\0"),  # inodes of no size
        (0x04, b"\0\0\0\0"),
        (0x38, b"xx"),
    ],
)
def test_a_nonsensical_ext4_superblock(ext4: bytes, field_at: int, value: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    disk.patch(1024 + field_at, value)
    assert _refused(disk, "/file") == "guest-file-system-corrupt"


def _inode_at(data: bytes, path: str) -> int:
    """Where the inode of a path is, by what the parser itself reads first for it."""
    disk = _Damaged(data, "ext4")
    tree = disk.open()
    number = int(tree._find(path))  # type: ignore[attr-defined] # the test needs the inode
    (per_group,) = struct.unpack_from("<I", data, 1024 + 0x28)
    (size,) = struct.unpack_from("<H", data, 1024 + 0x58)
    group, index = divmod(number - 1, per_group)
    descriptor = 2048 + group * 64
    (table,) = struct.unpack_from("<I", data, descriptor + 8)
    return int(table * 1024 + index * size)


def test_a_link_of_a_terabyte_is_not_read(ext4: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    at = _inode_at(ext4, "/link")
    disk.patch(at + 4, struct.pack("<I", 0))
    disk.patch(at + 0x6C, struct.pack("<I", 256))
    assert _refused(disk, "/link") == "guest-file-system-corrupt"


def test_a_directory_of_a_petabyte_is_not_read(ext4: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    disk.patch(_inode_at(ext4, "/many") + 0x6C, struct.pack("<I", 1 << 18))
    assert _refused(disk, "/many/a-name-1") == "guest-file-system-corrupt"


def test_a_file_of_an_exabyte_is_refused_by_its_size(ext4: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    disk.patch(_inode_at(ext4, "/file") + 0x6C, struct.pack("<I", 1 << 28))
    assert _refused(disk, "/file") == "guest-file-too-large"


def test_an_extent_tree_that_is_a_circle(ext4: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    at = _inode_at(ext4, "/file") + 0x28
    block = len(ext4) // 1024 - 1
    index = struct.pack("<HHHHIIIHH", 0xF30A, 1, 4, 1, 0, 0, block, 0, 0)
    disk.patch(at, index)
    disk.patch(block * 1024, index)
    assert _refused(disk, "/file") == "guest-file-system-corrupt"


def test_an_extent_tree_that_doubles_at_every_level(ext4: bytes) -> None:
    """Five levels of blocks that name the next one eighty times: 80^5 extents from 5 KiB."""
    disk = _Damaged(ext4, "ext4")
    last = len(ext4) // 1024 - 1
    entry = struct.Struct("<IIHH")
    for level in range(5):
        block = last - level
        header = struct.pack("<HHHHI", 0xF30A, 80, 80, level, 0)
        body = b"".join(entry.pack(n, block + 1, 0, 0) for n in range(80))
        content = (header + body).ljust(1024, b"\0")
        disk.patch(block * 1024, content[:512])
        disk.patch(block * 1024 + 512, content[512:])
    root = struct.pack("<HHHHI", 0xF30A, 1, 4, 5, 0) + entry.pack(0, last - 4, 0, 0)
    disk.patch(_inode_at(ext4, "/file") + 0x28, root)
    assert _refused(disk, "/file") == "guest-file-system-corrupt"


def _entry_at(data: bytes, name: bytes) -> int:
    """Where the directory entry of a name begins."""
    return data.index(bytes([len(name)]) + b"\x02" + name) - 6


def test_a_directory_inside_itself(ext4: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    disk.patch(_entry_at(ext4, b"many"), struct.pack("<I", 2))
    with pytest.raises(GuestError) as caught:
        list(disk.open().walk("/"))
    assert caught.value.code == "guest-file-system-corrupt"
    assert "inside itself" in caught.value.message


@pytest.mark.parametrize("name", [b"a/b\0", b"....", b"\0\0\0\0"])
def test_names_that_linux_refuses(ext4: bytes, name: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    disk.patch(_entry_at(ext4, b"many") + 8, name)
    tree = disk.open()
    if name == b"....":
        assert "...." in tree.listdir("/")
        return
    with pytest.raises(GuestError) as caught:
        tree.listdir("/")
    assert "cannot be called" in caught.value.message


def test_a_cut_directory_is_an_error_not_an_empty_one(ext4: bytes) -> None:
    disk = _Damaged(ext4, "ext4")
    disk.patch(_entry_at(ext4, b"many") + 4, b"\0\0")  # its record has no length
    assert _refused(disk, "/file") == "guest-file-system-corrupt"


@needs_mtools
@pytest.mark.parametrize("target", [0, 1, 2, 5, 0xFF7, 0xFFF])
def test_chains_of_clusters_that_lead_nowhere(tmp_path: Path, target: int) -> None:
    data = _made(tmp_path, "vfat")
    disk = _Damaged(data, "vfat")
    (reserved,) = struct.unpack_from("<H", data, 14)
    fat = reserved * _SECTOR
    # FAT12: every entry becomes ``target``.
    pair = target | target << 12
    size = struct.unpack_from("<H", data, 22)[0] * _SECTOR
    table = pair.to_bytes(3, "little") * (size // 3 + 1)
    for start in range(3, size - 3, 3):
        disk.data = (
            disk.data[: fat + start] + table[start : start + 3] + disk.data[fat + start + 3 :]
        )
    assert _outcome(disk) == "guest-file-system-corrupt"


def test_a_btrfs_node_without_items(tmp_path: Path) -> None:
    data = _made(tmp_path, "btrfs")
    disk = _Damaged(data, "btrfs")
    (root,) = struct.unpack_from("<Q", data, 0x10000 + 0x50)
    disk.open()
    for number in sorted(disk.touched):
        at = number * _SECTOR
        if data[at + 48 : at + 56] == struct.pack("<Q", root):
            disk.patch(at + 96, b"\0\0\0\0")
    with pytest.raises(GuestError) as caught:
        disk.open()
    assert "is damaged" in caught.value.message


@pytest.mark.parametrize(
    ("field_at", "value", "code"),
    [
        (0x88, struct.pack("<Q", 2), "guest-file-system-unsupported"),  # devices
        (0x94, struct.pack("<I", 1 << 31), "guest-file-system-corrupt"),  # node size
        (0xBC, struct.pack("<Q", 1 << 40), "guest-file-system-unsupported"),  # features
        (0xA0, struct.pack("<I", 1 << 31), "guest-file-system-corrupt"),  # system chunks
    ],
)
def test_a_nonsensical_btrfs_superblock(
    tmp_path: Path, field_at: int, value: bytes, code: str
) -> None:
    disk = _Damaged(_made(tmp_path, "btrfs"), "btrfs")
    disk.patch(0x10000 + field_at, value)
    assert _refused(disk, "/file") == code


def test_work_runs_out() -> None:
    work = Work()
    with work.limit(2):
        work.spend(2)
        with pytest.raises(TooMuchWork):
            work.spend()
    with work.limit(1):
        work.spend()


def test_a_window_shows_its_part_and_no_more(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    window = Window(lambda offset, size: content[offset : offset + size], 1000, 200_000)
    with window.work.limit(1000):
        assert window.read(10) == content[1000:1010]
        assert window.tell() == 10
        assert window.seek(-5, os.SEEK_END) == 199_995
        assert window.read() == content[200_995:201_000]
        assert window.read(1) == b""
        window.seek(32_000)
        assert window.read(2000) == content[33_000:35_000]
        window.seek(100)
        assert window.read(150_000) == content[1100:151_100]
        assert window.seek(10, os.SEEK_CUR) == 150_110
        with pytest.raises(ValueError, match="before"):
            window.seek(-1)
    assert not list(tmp_path.iterdir())


def test_a_window_refuses_a_read_of_gigabytes() -> None:
    window = Window(lambda _offset, size: bytes(size), 0, 1 << 40)
    with window.work.limit(1 << 40), pytest.raises(TooMuchWork):
        window.read(1 << 33)
