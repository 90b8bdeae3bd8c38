from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from bootworthy.disk.image import Image, open_image
from bootworthy.guest.engines.base import DiskImage, Session
from bootworthy.guest.engines.beneath import ReadOnlyDirectoryTree
from bootworthy.guest.engines.reader import session as reader
from bootworthy.guest.engines.reader.session import ReaderSession, open_file_system
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import GuestError, HostError
from bootworthy.model.events import Event, Note
from bootworthy.model.image import FileSystem
from tests.guest.engines.conditions import needs_mtools, needs_root
from tests.guest.engines.disks import (
    ESP_ID,
    ESP_TYPE,
    MIB,
    Part,
    fill,
    make_disk,
    write_files,
)


class _Bytes:
    """A disk that is one file system, and counts how often it is read."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY)
        self.reads = 0

    def pread(self, offset: int, size: int) -> bytes:
        self.reads += 1
        return os.pread(self._fd, size, offset)

    def close(self) -> None:
        os.close(self._fd)


Opened = Callable[..., Tree]


@pytest.fixture
def disks() -> Iterator[list[_Bytes]]:
    """The disks that a test opened, closed behind it."""
    made: list[_Bytes] = []
    yield made
    for disk in made:
        disk.close()


@pytest.fixture
def opened(disks: list[_Bytes]) -> Opened:
    """Opens a file that is one file system."""

    def open_path(path: Path, kind: str, subvolume: str = "") -> Tree:
        disk = _Bytes(path)
        disks.append(disk)
        where = FileSystem(partition=3, start=0, size=path.stat().st_size, kind=kind)
        return open_file_system(cast("DiskImage", disk), where, subvolume)

    return open_path


@pytest.fixture
def single(tmp_path: Path, opened: Opened) -> Opened:
    """Makes a file system and opens it."""

    def make(files: Path | None, kind: str, options: Sequence[str] = (), size: int = 0) -> Tree:
        if kind == "xfs" and os.geteuid() != 0:
            pytest.skip("filling an XFS needs root")
        size = size or {"xfs": 320, "btrfs": 256}.get(kind, 48) * MIB
        path = tmp_path / "disk"
        with path.open("wb") as file:
            file.truncate(size)
        fill(path, Part(kind=kind, size=size, files=files, options=options))
        return opened(path, kind)

    return make


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with everything that a file system stores in a way of its own."""
    top = tmp_path_factory.mktemp("everything") / "top"
    write_files(
        top,
        {
            "etc/os-release": "ID=test\n",
            "empty": "",
            "a block and a bit": b"0123456789abcdef" * 300,
            "large": bytes(range(256)) * 8192,  # 2 MiB: beyond direct blocks and inline data
            "many/": "",
            "deep/1/2/3/4/5/6/7/8/file": "deep",
            "x" * 255: "the longest name",
            "ünïcode-日本": "names",
        },
    )
    for number in range(700):
        (top / "many" / f"name-number-{number:04}").write_text(str(number))
    (top / "short-link").symlink_to("etc/os-release")
    (top / "long-link").symlink_to("/" + "directory/" * 40)
    (top / "tool").write_text("#!/bin/sh\n")
    (top / "tool").chmod(0o4755)
    with (top / "sparse").open("wb") as file:
        file.seek(3 * MIB)
        file.write(b"end")
    return top


_KINDS = [
    ("ext4", []),
    ("ext4", ["-b", "1024"]),
    ("ext4", ["-I", "128"]),
    ("ext4", ["-O", "^64bit,^metadata_csum,^extent"]),
    ("ext3", []),
    ("ext2", ["-b", "1024"]),
    ("xfs", []),
    ("btrfs", []),
]


@pytest.mark.parametrize(("kind", "options"), _KINDS)
def test_reads_what_was_stored(
    single: Opened, everything: Path, kind: str, options: list[str]
) -> None:
    tree = single(everything, kind, options)
    source = ReadOnlyDirectoryTree(os.open(everything, os.O_RDONLY | os.O_DIRECTORY))
    found = {path for path, _ in tree.walk("/") if not path.startswith("/lost+found")}
    expected = dict(source.walk("/"))
    assert found == set(expected)
    for path, status in expected.items():
        stored = tree.link_status(path)
        assert (stored.kind, stored.mode) == (status.kind, status.mode), path
        if status.kind is Kind.FILE:
            assert stored.size == status.size, path
            assert tree.read(path) == source.read(path), path
        if status.kind is Kind.LINK:
            assert tree.readlink(path) == source.readlink(path), path
    source.close()


@pytest.mark.parametrize("kind", ["ext4", "ext3", "xfs", "btrfs"])
def test_parts_of_a_file(single: Opened, everything: Path, kind: str) -> None:
    tree = single(everything, kind, [])
    content = bytes(range(256)) * 8192
    for offset, size in ((0, 1), (4095, 2), (1_000_003, 70_000), (2 * MIB - 5, 100)):
        assert tree.pread_at("/large", size, offset) == content[offset : offset + size]
    assert tree.pread_at("/large", 10, 2 * MIB) == b""
    assert tree.pread_at("/large", 10, 1 << 50) == b""
    assert tree.pread_at("/sparse", 6, 3 * MIB - 3) == b"\0\0\0end"
    assert tree.pread_at("/empty", 1, 0) == b""


@needs_root
@pytest.mark.parametrize("kind", ["ext4", "btrfs"])
def test_owners_beyond_sixteen_bits_and_times(single: Opened, tmp_path: Path, kind: str) -> None:
    top = write_files(tmp_path / "top", {"file": "x"})
    os.chown(top / "file", 70_000, 80_000)
    os.utime(top / "file", (1, 1_234_567_890))
    status = single(top, kind, []).status("/file")
    assert (status.uid, status.gid, status.mtime) == (70_000, 80_000, 1_234_567_890)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_errors_are_those_of_linux(single: Opened, everything: Path, kind: str) -> None:
    tree = single(everything, kind, [])
    with pytest.raises(FileNotFoundError):
        tree.read("/etc/missing")
    with pytest.raises(NotADirectoryError):
        tree.read("/empty/below")
    with pytest.raises(NotADirectoryError):
        tree.listdir("/empty")
    with pytest.raises(IsADirectoryError):
        tree.read("/etc")
    with pytest.raises(OSError):
        tree.readlink("/empty")
    with pytest.raises(OSError):
        tree.lstat_at("/short-link/below")
    with pytest.raises(OSError):
        tree.lstat_at("/" + "a/" * 3000)


def test_ext4_with_files_inside_inodes(single: Opened, tmp_path: Path) -> None:
    top = write_files(tmp_path / "top", {"short": "s" * 50, "longer": "l" * 100, "big": "b" * 9000})
    options = ["-O", "inline_data", "-I", "256"]
    tree = single(top, "ext4", options)
    assert tree.read("/short") == b"s" * 50
    assert tree.read("/longer") == b"l" * 100
    assert tree.read("/big") == b"b" * 9000


def test_a_hole_at_the_end_of_an_ext2_file_is_zeros(single: Opened, tmp_path: Path) -> None:
    top = write_files(tmp_path / "top", {"file": "x"})
    with (top / "file").open("r+b") as file:
        file.truncate(8192)
    assert single(top, "ext2", ["-b", "4096"]).read("/file") == b"x" + bytes(8191)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("ext4", ["-O", "bigalloc"]),
        ("ext4", ["-O", "meta_bg,^resize_inode"]),
        ("xfs", ["-b", "size=1024"]),
    ],
)
def test_what_is_sound_and_not_read_is_called_so(
    single: Opened, everything: Path, kind: str, options: list[str]
) -> None:
    with pytest.raises(GuestError) as caught:
        single(everything, kind, options)
    assert caught.value.code == "guest-file-system-unsupported"
    assert "--engine appliance" in caught.value.hint


@pytest.mark.parametrize("kind", ["LVM2_member", "zfs_member", "f2fs", ""])
def test_an_unknown_kind_is_called_so(opened: Opened, tmp_path: Path, kind: str) -> None:
    (tmp_path / "disk").write_bytes(bytes(4096))
    with pytest.raises(GuestError) as caught:
        opened(tmp_path / "disk", kind)
    assert caught.value.code == "guest-file-system-unsupported"
    assert "partition 3" in caught.value.message


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "vfat"])
def test_zeros_are_no_file_system(opened: Opened, tmp_path: Path, kind: str) -> None:
    (tmp_path / "disk").write_bytes(bytes(1 << 20))
    with pytest.raises(GuestError) as caught:
        opened(tmp_path / "disk", kind)
    assert caught.value.code == "guest-file-system-corrupt"
    assert "partition 3" in caught.value.message


@needs_root
@pytest.mark.parametrize("packing", ["zlib", "lzo", "zstd"])
def test_btrfs_subvolumes_snapshots_and_packed_files(
    opened: Opened, tmp_path: Path, packing: str
) -> None:
    path, mounted = tmp_path / "disk", tmp_path / "mounted"
    mounted.mkdir()
    with path.open("wb") as file:
        file.truncate(256 * MIB)
    text = "the same line again and again\n" * 20_000
    for argv in (
        ["mkfs.btrfs", "-q", str(path)],
        ["mount", "-o", f"loop,compress-force={packing}", str(path), str(mounted)],
    ):
        subprocess.run(argv, check=True, capture_output=True)
    try:
        for argv in (["create", "@"], ["create", "@/nested"], ["create", "@home"]):
            _btrfs("subvolume", argv[0], str(mounted / argv[1]))
        write_files(mounted / "@", {"etc/os-release": "ID=test\n", "text": text, "nested/in": "n"})
        write_files(mounted / "@home", {"me/file": "mine"})
        _btrfs("subvolume", "snapshot", str(mounted / "@"), str(mounted / "snap"))
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
    top = opened(path, "btrfs")
    assert top.listdir("/") == ["@", "@home", "snap"]
    assert top.text("/@/text") == text
    assert top.read("/@/nested/in") == b"n"
    # The kernel shows an empty directory where the snapshot's source had a subvolume.
    assert top.listdir("/snap/nested") == []
    assert top.status("/snap/nested").kind is Kind.DIRECTORY
    assert top.text("/snap/text") == text
    inside = opened(path, "btrfs", "@")
    assert inside.listdir("/") == ["etc", "nested", "text"]
    assert inside.resolve("/../etc") == "/etc"


def _btrfs(*argv: str) -> None:
    subprocess.run(["btrfs", *argv], check=True, capture_output=True)


@needs_mtools
@pytest.mark.parametrize("bits", ["12", "16", "32"])
def test_fat_of_every_width(single: Opened, tmp_path: Path, bits: str) -> None:
    files: dict[str, str | bytes] = {
        "EFI/BOOT/BOOTX64.EFI": bytes(range(256)) * 3000,
        "EFI/a long directory name/grub.cfg": "stub",
        "EMPTY": "",
        **{f"many/file-{n}": str(n) for n in range(100)},
    }
    size = {"12": 4, "16": 16, "32": 64}[bits] * MIB
    top = write_files(tmp_path / "top", files)
    options = ["-F", bits, *([] if bits == "12" else ["-s", "1"])]
    tree = single(top, "vfat", options, size)
    assert tree.listdir("/") == ["EFI", "EMPTY", "many"]
    assert tree.read("/efi/boot/bootx64.efi") == bytes(range(256)) * 3000
    assert tree.read("/EFI/A Long Directory Name/GRUB.CFG") == b"stub"
    assert tree.read("/EMPTY") == b""
    assert len(tree.listdir("/many")) == 100
    assert tree.status("/EFI").mode == 0o755


@needs_mtools
def test_a_file_in_scattered_clusters(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "disk"
    with path.open("wb") as file:
        file.truncate(MIB)
    fill(path, Part(kind="vfat", size=MIB, options=["-s", "1", "-F", "12"]))
    environment = {**os.environ, "MTOOLS_SKIP_CHECK": "1"}

    def mtools(tool: str, *arguments: str, data: bytes = b"") -> None:
        argv = [tool, "-i", str(path), *arguments]
        subprocess.run(argv, input=data, check=True, env=environment, capture_output=True)

    # Every second small file makes room, so that the last one has to be cut into pieces.
    for number in range(60):
        (tmp_path / f"f{number}").write_bytes(bytes([number]) * 20_000)
        if number < 45:
            mtools("mcopy", str(tmp_path / f"f{number}"), f"::/f{number}")
    for number in range(0, 45, 2):
        mtools("mdel", f"::/f{number}")
    content = os.urandom(300_000)
    (tmp_path / "last").write_bytes(content)
    mtools("mcopy", str(tmp_path / "last"), "::/last")
    tree = opened(path, "vfat")
    assert tree.read("/last") == content
    assert tree.read("/f7") == bytes([7]) * 20_000


def test_a_whole_guest(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, ReaderSession(image) as session:
        assert session.engine == "reader"
        assert session.root == "partition 3 (ext4, label a root)"
        assert [m.path for m in session.mounts] == ["/", "/boot", "/boot/efi"]
        assert session.tree.read("/boot/grub/grub.cfg") == b"menu"
        assert session.tree.read("/boot/efi/efi/boot/bootx64.efi") == b"loader"
        esp = session.esp()
        assert esp is not None
        assert esp.read("/EFI/test/grub.cfg") == b"stub"
        assert session.runner is None
        assert session.trim() == 0
        with pytest.raises(Exception, match="does not write"):
            _ = session.writable


@needs_mtools
def test_an_esp_that_fstab_does_not_name(tmp_path: Path) -> None:
    esp = write_files(tmp_path / "esp", {"EFI/BOOT/BOOTX64.EFI": "loader"})
    top = write_files(tmp_path / "top", {"etc/os-release": "ID=x\n"})
    parts = [
        Part(kind="vfat", size=2 * MIB, files=esp, uuid=ESP_ID, type_id=ESP_TYPE),
        Part(kind="ext4", size=8 * MIB, files=top),
    ]
    with open_image(make_disk(tmp_path / "disk.raw", parts)) as image:
        session = ReaderSession(image)
        tree = session.esp()
        assert tree is not None
        assert tree.read("/efi/boot/bootx64.efi") == b"loader"
        assert [m.path for m in session.mounts] == ["/"]


def test_a_mount_point_that_is_missing_is_noted(tmp_path: Path) -> None:
    top = write_files(
        tmp_path / "top", {"etc/os-release": "ID=x\n", "etc/fstab": "LABEL=b /boot/x ext4 ro 0 0\n"}
    )
    parts = [Part(kind="ext4", size=8 * MIB, files=top), Part(kind="ext4", size=4 * MIB, label="b")]
    seen: list[Event] = []
    with open_image(make_disk(tmp_path / "disk.raw", parts)) as image:
        session = ReaderSession(image, observer=seen.append)
        assert [m.path for m in session.mounts] == ["/"]
    assert seen == [Note("/boot/x is in the guest's fstab and not in its root")]


def test_a_damaged_file_system_matters_unless_the_guest_boots_without_it(tmp_path: Path) -> None:
    def session(options: str, seen: list[Event]) -> Session:
        lines = f"LABEL=b /data ext4 {options} 0 0\n"
        name = f"top-{options}"
        top = write_files(
            tmp_path / name, {"etc/os-release": "ID=x\n", "etc/fstab": lines, "data/": ""}
        )
        parts = [
            Part(kind="ext4", size=8 * MIB, files=top),
            Part(kind="ext4", size=4 * MIB, label="b"),
        ]
        disk = make_disk(tmp_path / f"{name}.raw", parts)
        with disk.open("r+b") as file:
            file.seek(9 * MIB + 1024 + 0x18)
            file.write(b"\x1f\0\0\0")  # blocks of 2^41 bytes
        return ReaderSession(Image(open_image(disk).container), observer=seen.append)

    with pytest.raises(GuestError) as caught:
        session("defaults", [])
    assert caught.value.code in {"guest-file-system-corrupt", "guest-file-system-unsupported"}
    seen: list[Event] = []
    session("defaults,nofail", seen)
    assert len(seen) == 1
    assert isinstance(seen[0], Note)
    assert "/data is not looked at" in seen[0].text


def test_a_journal_that_was_not_replayed_is_still_read(tmp_path: Path) -> None:
    top = write_files(tmp_path / "top", {"etc/os-release": "ID=x\n"})
    disk = make_disk(tmp_path / "disk.raw", [Part(kind="ext4", size=16 * MIB, files=top)])
    with disk.open("r+b") as file:
        file.seek(MIB + 1024 + 0x60)
        features = int.from_bytes(file.read(4), "little") | 0x4  # needs_recovery
        file.seek(MIB + 1024 + 0x60)
        file.write(features.to_bytes(4, "little"))
    with open_image(disk) as image, ReaderSession(image) as session:
        assert session.tree.read("/etc/os-release") == b"ID=x\n"


def test_a_truncated_image_is_corrupt_not_short(
    single: Opened, everything: Path, tmp_path: Path
) -> None:
    tree = single(everything, "ext4")
    assert tree.status("/large").size == 2 * MIB
    os.truncate(tmp_path / "disk", MIB)
    with pytest.raises(GuestError) as caught:
        tree.read("/large")
    assert caught.value.code == "guest-file-system-corrupt"
    assert "/large on partition 3" in caught.value.message


def test_without_the_extra_the_hint_says_how(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(_name: str) -> object:
        raise ImportError("No module named 'dissect'")

    monkeypatch.setattr(reader, "import_module", missing)
    assert not reader.is_installed()
    disk = make_disk(tmp_path / "disk.raw", [Part(kind="ext4", size=8 * MIB)])
    with open_image(disk) as image, pytest.raises(HostError) as caught:
        ReaderSession(image)
    assert caught.value.code == "host-reader-missing"
    assert "bootworthy[reader]" in caught.value.hint


def test_the_parsers_are_imported_only_when_needed() -> None:
    program = (
        "import sys, bootworthy.guest.engines.select, bootworthy.guest.engines.reader.session\n"
        "print([name for name in sys.modules if name.startswith('dissect')])"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[]\n"


def test_many_lookups_read_the_disk_once(
    single: Opened, everything: Path, disks: list[_Bytes]
) -> None:
    tree = single(everything, "ext4")
    names = [f"/many/{name}" for name in tree.listdir("/many")]
    assert {tree.status(name).kind for name in names} == {Kind.FILE}
    before = disks[0].reads
    assert before < 40
    for _ in range(3):
        assert all(tree.exists(name) for name in names)
    assert disks[0].reads == before
