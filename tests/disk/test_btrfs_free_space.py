"""Free space of btrfs, against what btrfs-progs say of file systems that the kernel wrote."""

from __future__ import annotations

import itertools
import lzma
import random
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.disk import btrfs_free_space, crc32c
from bootworthy.disk.container import open_container
from bootworthy.disk.free_space import free_spans
from bootworthy.disk.vhd_stream import VhdStream, joined
from tests.disk.making import MIB, needs, patch, reader, run, sparse
from tests.disk.mounting import digest, fill_and_age, in_mount, needs_root

pytestmark = [needs("mkfs.btrfs", "btrfs", "btrfstune"), needs_root]

_SIZE = 320 * MIB
_SUPERBLOCK = 64 << 10
Span = tuple[int, int]

KINDS = {
    "usual": (),
    "single": ("-m", "single"),
    "dup": ("-m", "dup", "-d", "dup"),
    "raid0-of-one": ("-m", "single", "-d", "raid0"),
    "mixed": ("--mixed",),
    "4k-nodes": ("-n", "4096"),
    "64k-nodes": ("-n", "65536"),
    "no-free-space-tree": ("-R", "^free-space-tree"),
    "thick-metadata": ("-O", "^skinny-metadata"),
    "sha256": ("--csum", "sha256"),
    "blake2": ("--csum", "blake2"),
}


def made(path: Path, options: Sequence[str], files: int = 500, size: int = _SIZE) -> Path:
    """A btrfs with files, of which a third were deleted again."""
    sparse(path, size)
    run("mkfs.btrfs", "-q", "-f", *options, path)
    fill_and_age(path, files, 60_000)
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of the usual kind; it stays as it is."""
    return made(tmp_path_factory.mktemp("btrfs") / "disk.raw", ())


def copied(source: Path, target: Path) -> Path:
    run("cp", "--sparse=always", source, target)
    return target


def found(path: Path) -> list[Span]:
    return list(joined(free_spans(reader(path), path.stat().st_size)))


def dumped(path: Path, tree: str) -> str:
    return run("btrfs", "inspect-internal", "dump-tree", "-t", tree, path)


def size_of_nodes(path: Path) -> int:
    text = run("btrfs", "inspect-internal", "dump-super", path)
    return int(re.search(r"nodesize\s+(\d+)", text)[1])  # type: ignore[index]


def expected(path: Path) -> list[Span]:
    """What of the device is in no extent and no copy of the superblock, by what is dumped."""
    chunks: list[tuple[int, int, list[int]]] = []
    for text in dumped(path, "chunk").split("CHUNK_ITEM ")[1:]:
        length = int(re.search(r"length (\d+) ", text)[1])  # type: ignore[index]
        places = [int(place) for place in re.findall(r"devid 1 offset (\d+)", text)]
        chunks.append((int(text.partition(")")[0]), length, places))
    used = [(0, MIB), (64 * MIB, 64 * MIB + 65536)]
    node = size_of_nodes(path)
    for text, kind, last in re.findall(
        r"item \d+ key \((\d+) (EXTENT_ITEM|METADATA_ITEM) (\d+)\)", dumped(path, "extent")
    ):
        at, size = int(text), node if kind == "METADATA_ITEM" else int(last)
        ((start, _, places),) = [item for item in chunks if item[0] <= at < item[0] + item[1]]
        used += [(at - start + place, at - start + place + size) for place in places]
    ends = [0, *(end for _, end in joined(iter(sorted(used))))]
    starts = [*(start for start, _ in joined(iter(sorted(used)))), path.stat().st_size]
    return [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]


@pytest.mark.parametrize("kind", KINDS)
def test_free_space_is_what_no_extent_takes(kind: str, tmp_path: Path) -> None:
    disk = made(tmp_path / "disk.raw", KINDS[kind])

    assert found(disk) == expected(disk)
    assert len(found(disk)) > 20


def test_block_groups_in_a_tree_of_their_own(tmp_path: Path) -> None:
    # Made by mkfs.btrfs 6.14 --mixed -n 4096 -O block-group-tree, which Debian 12's does not know,
    # and filled and aged by the kernel with files of text.
    disk = sparse(tmp_path / "disk.raw", 64 * MIB)
    packed = Path(__file__).with_name("samples") / "btrfs-block-group-tree.raw.xz"
    disk.write_bytes(lzma.decompress(packed.read_bytes()))

    assert "BLOCK_GROUP_TREE" in run("btrfs", "inspect-internal", "dump-super", disk)
    assert found(disk) == expected(disk)
    for start, end in found(disk):
        patch(disk, start, b"\xdb" * (end - start))
    run("btrfs", "check", "--check-data-csum", disk)


def test_deep_trees_snapshots_and_compression(tmp_path: Path) -> None:
    disk = made(tmp_path / "disk.raw", ("-n", "4096"), files=900)
    in_mount(disk, _LIVED, options=",compress=zstd")

    assert re.search(r"(?m)^node \d+ level [1-9]", dumped(disk, "extent"))
    assert found(disk) == expected(disk)
    assert len(found(disk)) > 200


_LIVED = """
btrfs subvolume snapshot . first; btrfs subvolume snapshot -r first second
cp --reflink=always first/file1 copy; head -c 3000000 /dev/zero > zeros; fallocate -l 1M ahead
rm -f file4*; btrfs subvolume delete -c second; btrfs balance start -dusage=30 .
cd /; umount "$OLDPWD"
"""


@pytest.mark.parametrize("kind", ["usual", "single", "mixed", "thick-metadata"])
def test_what_is_sent_is_the_same_file_system(kind: str, tmp_path: Path) -> None:
    disk = made(tmp_path / "disk.raw", KINDS[kind])
    whole = digest(disk)
    # Noise in everything free: were any of it used, the checks would find it.
    chance = random.Random(5)  # noqa: S311 - the same noise each time
    for start, end in found(disk):
        patch(disk, start, chance.randbytes(end - start))
    run("btrfs", "check", "--check-data-csum", disk)
    with open_container(disk) as container:
        stream = VhdStream(container, free=free_spans(container.pread, container.virtual_size))
        sent = tmp_path / "sent.raw"
        sent.write_bytes(stream.pread(0, _SIZE))

    assert stream.free_bytes > _SIZE // 2
    assert found(sent) == found(disk)
    run("btrfs", "check", "--check-data-csum", sent)
    disk.unlink()
    assert digest(sent) == whole
    # It can be written to as before.
    in_mount(sent, 'head -c 40M /dev/urandom > more; sync; cd /; umount "$OLDPWD"')
    run("btrfs", "check", "--check-data-csum", sent)


def test_a_log_that_has_to_be_replayed_leaves_nothing_free(plain: Path, tmp_path: Path) -> None:
    disk, copy = copied(plain, tmp_path / "disk.raw"), tmp_path / "copy.raw"
    in_mount(disk, 'echo new > new; sync new; cp --sparse=always "$1" "$2"', disk, copy)

    assert found(copy) == []


def test_another_uuid_of_its_metadata_changes_nothing(plain: Path, tmp_path: Path) -> None:
    disk = copied(plain, tmp_path / "disk.raw")
    run("btrfstune", "-f", "-m", disk)

    assert found(disk) == expected(disk) != []


def test_what_is_on_several_devices_has_nothing_free(tmp_path: Path) -> None:
    disks = [sparse(tmp_path / name, _SIZE) for name in ("one.raw", "two.raw")]
    run("mkfs.btrfs", "-q", "-f", "-d", "single", *disks)

    assert [found(disk) for disk in disks] == [[], []]


def test_a_seed_and_other_checksums_have_nothing_free(plain: Path, tmp_path: Path) -> None:
    seed = copied(plain, tmp_path / "seed.raw")
    run("btrfstune", "-f", "-S", "1", seed)
    other = sparse(tmp_path / "other.raw", _SIZE)
    run("mkfs.btrfs", "-q", "-f", "--csum", "xxhash", other)

    assert [found(seed), found(other)] == [[], []]


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (0x38, 1 << 2),  # an error was found
        (0x38, 1 << 35),  # its UUID is being changed
        (0x60, 1 << 20),  # a log
        (0x78, 12345),  # another sum of what is used
        (0x88, 2),  # devices
        (0xB4, 1 << 9),  # a feature that only writers have to know
        (0xBC, 1 << 12),  # zones
        (0xBC, 1 << 63),  # something new
        (0xD1, 1 << 50),  # a device that is larger than the partition
    ],
)
def test_what_is_not_known_has_nothing_free(
    offset: int, value: int, plain: Path, tmp_path: Path
) -> None:
    disk = copied(plain, tmp_path / "disk.raw")
    raw = bytearray(reader(disk)(_SUPERBLOCK, 4096))
    raw[offset : offset + 8] = struct.pack("<Q", value)
    checksum = crc32c.of_bytes(bytes(raw[32:])) ^ crc32c.ALL_ONES
    patch(disk, _SUPERBLOCK, checksum.to_bytes(4, "little") + bytes(raw[4:]))

    assert found(disk) == []


def nodes_of(disk: bytes) -> list[Span]:
    """The superblock and the nodes that are read to learn what is free."""
    seen: set[Span] = set()

    def read_at(offset: int, size: int) -> bytes:
        seen.add((offset, size))
        return disk[offset : offset + size]

    assert list(free_spans(read_at, len(disk)))
    fsid = disk[_SUPERBLOCK + 0x20 : _SUPERBLOCK + 0x30]
    nodes = {(at, size) for at, size in seen if size >= 4096 and disk[at + 32 : at + 48] == fsid}
    return [(_SUPERBLOCK, 0xB2B), *sorted(nodes - {(_SUPERBLOCK, 4096)})]


def test_damage_of_any_node_means_that_nothing_is_free(plain: Path, tmp_path: Path) -> None:
    disk = copied(plain, tmp_path / "disk.raw")
    nodes = nodes_of(disk.read_bytes())
    assert len(nodes) >= 4
    for offset, size in nodes:
        old = reader(disk)(offset + size // 2, 1)
        patch(disk, offset + size // 2, bytes([old[0] ^ 0x10]))
        assert found(disk) == []
        patch(disk, offset + size // 2, old)

    assert found(disk) != []


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytearray, list[Span]]:
    """A small file system, and the nodes that are read of it."""
    options = ("--mixed", "-n", "4096")
    path = made(tmp_path_factory.mktemp("small") / "disk.raw", options, 200, 64 * MIB)
    disk = path.read_bytes()
    return bytearray(disk), nodes_of(disk)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_makes_it_fail_or_leave_the_disk(
    data: st.DataObject, small: tuple[bytearray, list[Span]]
) -> None:
    disk, nodes = small
    before: list[tuple[int, bytes]] = []
    for _ in range(data.draw(st.integers(1, 4))):
        offset, size = data.draw(st.sampled_from(nodes))
        at = offset + data.draw(st.one_of(st.integers(0, 300), st.integers(0, size - 9)))
        width = data.draw(st.sampled_from([1, 2, 4, 8]))
        value = data.draw(st.one_of(st.integers(0, 3), st.integers(0, 256**width - 1)))
        before.append((at, bytes(disk[at : at + width])))
        disk[at : at + width] = (value % 256**width).to_bytes(width, "little")
    with pytest.MonkeyPatch.context() as patched:
        # Without checksums, so that what is behind them is reached.
        for module in ("btrfs_layout", "btrfs_trees"):
            patched.setattr(f"bootworthy.disk.{module}.checksum_fits", lambda *_: True)
        spans = list(free_spans(lambda at, size: bytes(disk[at : at + size]), len(disk)))
    for at, old in reversed(before):
        disk[at : at + len(old)] = old

    assert all(0 <= start < end <= len(disk) for start, end in spans)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))


def test_trees_without_end_are_left(
    small: tuple[bytearray, list[Span]], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = bytes(small[0])
    monkeypatch.setattr("bootworthy.disk.btrfs_trees._MAX_NODES", 3)
    assert list(free_spans(lambda at, size: disk[at : at + size], len(disk))) == []
    monkeypatch.undo()
    monkeypatch.setattr(btrfs_free_space, "_MAX_RUNS", 3)
    assert list(free_spans(lambda at, size: disk[at : at + size], len(disk))) == []
