"""Free blocks of XFS, against what xfs_db says of file systems that the kernel wrote."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.free_space import free_spans
from bootworthy.disk.vhd_stream import VhdStream, joined
from tests.disk.making import MIB, needs, patch, reader, run, sparse
from tests.disk.mounting import digest, fill_and_age, in_mount, needs_root

pytestmark = [needs("mkfs.xfs", "xfs_db", "xfs_repair"), needs_root]

_SIZE = 320 * MIB
_MOUNT = ",ro,nouuid,norecovery"

KINDS = {
    "usual": (),
    "1k": ("-b", "size=1024"),
    "rmap": ("-m", "rmapbt=1,reflink=1"),
    "4k-sectors": ("-s", "size=4096"),
    "one-group": ("-d", "agcount=2"),
}


def made(path: Path, options: Sequence[str], files: int = 600, largest: int = 30_000) -> Path:
    """An XFS with files, of which a third were deleted again."""
    sparse(path, _SIZE)
    run("mkfs.xfs", "-q", "-f", *options, path)
    fill_and_age(path, files, largest)
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of the usual kind; it stays as it is."""
    return made(tmp_path_factory.mktemp("xfs") / "disk.raw", ())


def found(path: Path) -> list[tuple[int, int]]:
    return list(joined(free_spans(reader(path), path.stat().st_size)))


def field(path: Path, where: str, name: str) -> int:
    """A number that xfs_db prints."""
    text = run("xfs_db", "-r", "-c", where, "-c", f"print {name}", path)
    value = re.search(rf"{name} = (\S+)", text)
    assert value is not None
    return int(value[1], 0)


def blocks_of(path: Path) -> tuple[int, set[int]]:
    """The size of a block, and the blocks of the disk that xfs_db lists as free."""
    block = field(path, "sb 0", "blocksize")
    group = field(path, "sb 0", "agblocks")
    blocks: set[int] = set()
    for line in run("xfs_db", "-r", "-c", "freesp -d", path).splitlines():
        numbers = line.split()
        if len(numbers) == 3 and all(word.isdigit() for word in numbers):
            number, start, length = map(int, numbers)
            blocks |= set(range(number * group + start, number * group + start + length))
    return block, blocks


@pytest.mark.parametrize("kind", KINDS)
def test_free_blocks_are_those_that_xfs_db_names(kind: str, tmp_path: Path) -> None:
    disk = made(tmp_path / "disk.raw", KINDS[kind])
    block, listed = blocks_of(disk)
    free = {at for first, end in found(disk) for at in range(first // block, end // block)}

    assert free <= listed
    # Those kept for the trees themselves are listed there too; here they are used.
    groups = range(field(disk, "sb 0", "agcount"))
    assert len(free) == sum(field(disk, f"agf {number}", "freeblks") for number in groups) > 0
    assert len(listed - free) == sum(field(disk, f"agf {number}", "flcount") for number in groups)


def test_a_tree_of_several_levels_is_read(tmp_path: Path) -> None:
    disk = made(tmp_path / "disk.raw", ("-b", "size=1024", "-d", "agcount=2"), 2000, 6_000)

    assert field(disk, "agf 0", "bnolevel") > 1
    freed = sum(end - start for start, end in found(disk))
    assert freed == 1024 * sum(field(disk, f"agf {number}", "freeblks") for number in range(2))
    assert len(found(disk)) > 150


@pytest.mark.parametrize("kind", ["usual", "1k"])
def test_what_is_sent_is_the_same_file_system(kind: str, tmp_path: Path) -> None:
    disk = made(tmp_path / "disk.raw", KINDS[kind])
    noise = b"\xde\xad" * 4096
    spans = [span for span in found(disk) if span[1] - span[0] >= len(noise)]
    for start, _ in spans:
        patch(disk, start, noise)
    with open_container(disk) as container:
        stream = VhdStream(container, free=free_spans(container.pread, container.virtual_size))
        sent = tmp_path / "sent.raw"
        sent.write_bytes(stream.pread(0, _SIZE))

    assert stream.free_bytes > _SIZE // 2
    assert noise[:4096] not in sent.read_bytes()
    run("xfs_repair", "-n", sent)
    assert digest(sent, _MOUNT) == digest(disk, _MOUNT)


def test_a_file_system_that_was_not_unmounted_has_nothing_free(tmp_path: Path) -> None:
    disk = made(tmp_path / "disk.raw", ())
    copy = tmp_path / "copy.raw"
    assert found(disk) != []
    in_mount(disk, 'echo new > new; sync new; cp --sparse=always "$1" "$2"', disk, copy)

    assert found(copy) == []


def test_what_has_no_checksums_has_nothing_free(tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk.raw", _SIZE)
    run("mkfs.xfs", "-q", "-f", "-m", "crc=0", disk)

    assert found(disk) == []


@pytest.mark.parametrize("place", ["superblock", "agf", "tree", "record"])
def test_damage_means_that_nothing_is_free(place: str, plain: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    run("cp", "--sparse=always", plain, disk)
    block, sector = field(disk, "sb 0", "blocksize"), field(disk, "sb 0", "sectsize")
    root = field(disk, "agf 0", "bnoroot") * block
    offset = {"superblock": 144, "agf": sector + 20, "tree": root + 50, "record": root + 60}[place]
    old = reader(disk)(offset, 1)[0]
    patch(disk, offset, bytes([old ^ 0x10]))

    assert found(disk) == []


def test_no_damage_makes_it_fail_or_leave_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With checksums ignored, so that what is behind them is reached.
    monkeypatch.setattr("bootworthy.disk.xfs_free_space._checksum_fits", lambda *_: True)
    path = made(tmp_path / "disk.raw", ("-b", "size=1024", "-d", "agcount=2"), 900, 6_000)
    disk = bytearray(path.read_bytes())
    root = field(path, "agf 0", "bnoroot") * 1024
    places = [*range(1024), *range(root, root + 1024)]
    chance = random.Random(11)  # noqa: S311 - the same damage each time
    for _ in range(300):
        damage = [(chance.choice(places), chance.randrange(256)) for _ in range(3)]
        before = [(at, disk[at]) for at, _ in damage]
        for at, value in damage:
            disk[at] = value
        spans = list(free_spans(lambda o, size: bytes(disk[o : o + size]), len(disk)))
        for start, end in spans:
            assert 0 <= start < end <= len(disk)
        for at, value in reversed(before):
            disk[at] = value
