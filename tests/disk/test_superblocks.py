"""What partitions carry, made by the tools of each kind and judged by blkid."""

from __future__ import annotations

import struct
import uuid
import zlib
from pathlib import Path

import pytest

from bootworthy.disk.superblocks import identify
from bootworthy.model.image import FileSystem
from tests.disk.making import MIB, needs, patch, reader, run, sparse

pytestmark = needs("blkid")

# Where the partition begins on the disks of these tests.
START = MIB


def found_in(path: Path) -> FileSystem:
    """What is found in a partition that holds the bytes of ``path``."""
    at, size = reader(path), path.stat().st_size
    return identify(lambda o, s: at(o - START, s), partition=3, start=START, size=size)


def agrees_with_blkid(path: Path) -> FileSystem:
    """What is found, which has to be what blkid finds."""
    found = found_in(path)
    lines = run("blkid", "-p", "-o", "export", path).splitlines()
    words = dict(line.split("=", 1) for line in lines if "=" in line)
    label = words.get("LABEL", "").replace("\\ ", " ")
    expected = (words.get("TYPE", ""), words.get("UUID", ""), label)
    assert (found.kind, found.uuid, found.label) == expected
    assert (found.partition, found.start, found.size) == (3, START, path.stat().st_size)
    return found


@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4"])
def test_ext(tmp_path: Path, kind: str) -> None:
    path = sparse(tmp_path / "fs", 8 * MIB)
    run("mke2fs", "-q", "-t", kind, "-L", "wide label", path)

    found = agrees_with_blkid(path)

    assert (found.kind, found.label, found.clean) == (kind, "wide label", True)


@pytest.mark.parametrize(
    ("offset", "value"), [(0x3A, b"\0\0"), (0x3A, b"\3\0"), (0x60, b"\xc6\x02\0\0")]
)
def test_ext_that_was_not_unmounted(tmp_path: Path, offset: int, value: bytes) -> None:
    path = sparse(tmp_path / "fs", 8 * MIB)
    run("mke2fs", "-q", "-t", "ext4", path)
    patch(path, 1024 + offset, value)

    assert not found_in(path).clean


def test_an_external_journal(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 8 * MIB)
    run("mke2fs", "-q", "-F", "-O", "journal_dev", path)

    assert found_in(path).kind == "jbd"


@needs("mkfs.xfs")
@pytest.mark.parametrize("options", [("-m", "crc=1"), ("-l", "size=70m"), ("-b", "size=1024")])
def test_xfs(tmp_path: Path, options: tuple[str, str]) -> None:
    path = sparse(tmp_path / "fs", 310 * MIB)
    run("mkfs.xfs", "-q", "-L", "twelve chars", *options, path)

    found = agrees_with_blkid(path)

    assert (found.kind, found.label, found.clean) == ("xfs", "twelve chars", True)


@needs("mkfs.xfs", "xfs_db")
def test_xfs_with_a_log_to_replay(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 310 * MIB)
    run("mkfs.xfs", "-q", path)
    log = _log_offset(path)
    # The only operation of the only record says "unmounted"; make it a transaction's.
    assert found_in(path).clean
    patch(path, log + 512 + 9, b"\x01")

    assert not found_in(path).clean


@needs("mkfs.xfs")
def test_xfs_with_its_log_elsewhere_counts_as_clean(tmp_path: Path) -> None:
    path, log = sparse(tmp_path / "fs", 310 * MIB), sparse(tmp_path / "log", 80 * MIB)
    run("mkfs.xfs", "-q", "-l", f"logdev={log}", path)

    assert found_in(path).clean


@needs("mkfs.btrfs")
def test_btrfs(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 120 * MIB)
    run("mkfs.btrfs", "-q", "-L", "btr fs", path)

    assert agrees_with_blkid(path).clean
    patch(path, 65536 + 0x60, b"\1")
    assert not found_in(path).clean


@needs("mkfs.vfat")
@pytest.mark.parametrize(("bits", "mib"), [("12", 2), ("16", 20), ("32", 40)])
def test_fat(tmp_path: Path, bits: str, mib: int) -> None:
    path = sparse(tmp_path / "fs", mib * MIB)
    run("mkfs.vfat", "-F", bits, "-n", "EFI SYS", "-i", "1234abcd", path)

    found = agrees_with_blkid(path)

    assert (found.kind, found.uuid, found.label) == ("vfat", "1234-ABCD", "EFI SYS")
    assert found.clean


@needs("mkfs.vfat")
def test_fat_without_a_label(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 40 * MIB)
    run("mkfs.vfat", "-F", "32", path)

    assert agrees_with_blkid(path).label == ""


@needs("mkfs.vfat", "mlabel", "mmd")
def test_the_label_of_a_fat_is_the_one_in_its_root(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 40 * MIB)
    run("mkfs.vfat", "-F", "32", "-s", "1", path)
    for number in range(40):
        run("mmd", "-i", path, f"::/a directory with a long name {number}")
    run("mlabel", "-i", path, "::LATE")

    assert agrees_with_blkid(path).label == "LATE"


@needs("mkfs.vfat")
@pytest.mark.parametrize(
    ("bits", "mib", "offset", "value"),
    [
        ("12", 2, 0x25, b"\1"),
        ("16", 20, 0x25, b"\1"),
        ("32", 40, 0x41, b"\1"),
        ("16", 20, None, b"\xf8\xff\xff\x7f"),
        ("32", 40, None, b"\xf8\xff\xff\x0f\xff\xff\xff\x07"),
    ],
)
def test_fat_that_was_not_unmounted(
    tmp_path: Path, bits: str, mib: int, offset: int | None, value: bytes
) -> None:
    path = sparse(tmp_path / "fs", mib * MIB)
    run("mkfs.vfat", "-F", bits, "-R", "32" if bits == "32" else "4", path)
    table = (32 if bits == "32" else 4) * 512
    patch(path, table if offset is None else offset, value)

    found = found_in(path)

    assert found.kind == "vfat"
    assert not found.clean


@needs("mkfs.exfat")
def test_exfat(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 20 * MIB)
    run("mkfs.exfat", path)

    assert agrees_with_blkid(path).kind == "exfat"


@needs("mkntfs")
def test_ntfs(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 8 * MIB)
    run("mkntfs", "-q", "-F", "-L", "Windows", path)

    assert agrees_with_blkid(path).label == "Windows"


@pytest.mark.parametrize("page", [4096, 65536])
def test_swap(tmp_path: Path, page: int) -> None:
    path = sparse(tmp_path / "fs", MIB)
    path.chmod(0o600)
    run("mkswap", "-L", "swapspace", "-p", str(page), path)

    found = agrees_with_blkid(path)

    assert (found.kind, found.label, found.clean) == ("swap", "swapspace", True)


def test_swap_with_a_hibernated_machine(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", MIB)
    path.chmod(0o600)
    run("mkswap", path)
    patch(path, 4096 - 10, b"S1SUSPEND\0")

    found = agrees_with_blkid(path)

    assert (found.kind, found.clean) == ("swsuspend", False)


@needs("xorriso")
def test_iso9660(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    path = tmp_path / "fs"
    argv = ("-as", "mkisofs", "-quiet", "-V", "CIDATA", "-J", "-r", "-o")
    run("xorriso", *argv, path, tmp_path / "d")

    assert agrees_with_blkid(path).label == "CIDATA"


@needs("mksquashfs")
def test_squashfs(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    run("mksquashfs", tmp_path / "d", tmp_path / "fs", "-quiet", "-noappend")

    assert agrees_with_blkid(tmp_path / "fs").kind == "squashfs"


@needs("cryptsetup")
@pytest.mark.parametrize(("version", "label"), [("luks1", ""), ("luks2", "secret")])
def test_luks(tmp_path: Path, version: str, label: str) -> None:
    path = sparse(tmp_path / "fs", 20 * MIB)
    argv = ["-q", "luksFormat", "--type", version, "--pbkdf-force-iterations", "1000"]
    if label:
        argv += ["--label", label, "--pbkdf", "pbkdf2"]
    run("cryptsetup", *argv, path, "-", typed="word")

    found = agrees_with_blkid(path)

    assert (found.kind, found.label) == ("crypto_LUKS", label)


def test_lvm(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 2 * MIB)
    body = struct.pack("<I8s", 32, b"LVM2 001") + b"0123456789abcdefghijklmnopqrstuv"
    body = body.ljust(512 - 20, b"\0")
    # LVM2, lib/misc/crc.c: an initial value of its own, no final inversion.
    checksum = zlib.crc32(body, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    patch(path, 512, struct.pack("<8sQI", b"LABELONE", 1, checksum) + body)

    found = agrees_with_blkid(path)

    assert found.kind == "LVM2_member"
    assert found.uuid == "012345-6789-abcd-efgh-ijkl-mnop-qrstuv"


def raid_superblock(place: int) -> bytes:
    """A superblock of version 1 at ``place``."""
    raw = bytearray(256)
    struct.pack_into("<II", raw, 0, 0xA92B4EFC, 1)
    raw[16:32] = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef").bytes
    raw[32:40] = b"host:md0"
    struct.pack_into("<Q", raw, 144, place // 512)
    words = struct.unpack("<64I", raw)
    total = sum(words)
    struct.pack_into("<I", raw, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
    return bytes(raw)


@pytest.mark.parametrize("place", [0, 4096, 8 * MIB - 8192])
def test_raid(tmp_path: Path, place: int) -> None:
    # With the superblock at its end a member looks like the file system it holds.
    path = sparse(tmp_path / "fs", 8 * MIB)
    if place:
        run("mke2fs", "-q", path)
    patch(path, place, raid_superblock(place))

    found = agrees_with_blkid(path)

    assert found.kind == "linux_raid_member"
    assert found.uuid == "01234567-89ab-cdef-0123-456789abcdef"
    assert found.label == "host:md0"


def test_old_raid(tmp_path: Path) -> None:
    path = sparse(tmp_path / "fs", 8 * MIB)
    raw = bytearray(4096)
    struct.pack_into("<III", raw, 0, 0xA92B4EFC, 0, 90)
    struct.pack_into("<I", raw, 20, 0x01234567)
    struct.pack_into("<III", raw, 52, 0x89ABCDEF, 0x01234567, 0x89ABCDEF)
    patch(path, 8 * MIB - 65536, bytes(raw))

    assert agrees_with_blkid(path).uuid == "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize("size", [0, 1, 511, 512, 1500, 4096, 70000])
def test_nothing_is_found_in_nothing(tmp_path: Path, size: int) -> None:
    found = found_in(sparse(tmp_path / "fs", size))

    assert (found.kind, found.uuid, found.label, found.clean) == ("", "", "", True)


def _log_offset(path: Path) -> int:
    """Where the log of an XFS begins, in bytes, as xfs_db says."""
    place = run("xfs_db", "-r", "-c", "sb 0", "-c", "print logstart", path).split()[-1]
    return int(run("xfs_db", "-r", "-c", f"convert fsblock {place} byte", path).split()[1][1:-1])
