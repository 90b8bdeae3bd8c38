"""Free blocks, against what e2fsprogs says of file systems that it made and aged."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.disk import crc32c
from bootworthy.disk.container import open_container
from bootworthy.disk.free_space import free_spans
from bootworthy.disk.vhd_stream import VhdStream, joined
from tests.disk.making import MIB, needs, patch, reader, run, sparse

pytestmark = needs("mke2fs", "debugfs", "dumpe2fs", "sfdisk", "e2fsck")

_SIZE = 160 * MIB
Span = tuple[int, int]

KINDS = {
    "ext4": ("-t", "ext4"),
    "1k": ("-t", "ext4", "-b", "1024"),
    "32bit": ("-t", "ext4", "-O", "^64bit"),
    "gdt-csum": ("-t", "ext4", "-O", "^metadata_csum,uninit_bg"),
    "no-flex": ("-t", "ext4", "-O", "^flex_bg"),
    "no-journal": ("-t", "ext4", "-O", "^has_journal"),
    "seed": ("-t", "ext4", "-O", "metadata_csum_seed"),
    "ext3": ("-t", "ext3"),
    "ext2": ("-t", "ext2", "-b", "1024"),
    "2k": ("-t", "ext4", "-b", "2048", "-O", "^resize_inode"),
}


def make(path: Path, options: Sequence[str], size: int = _SIZE) -> Path:
    """A file system with files, of which some were deleted again."""
    sparse(path, size)
    run("mke2fs", "-q", "-F", *options, path)
    stuff = path.with_suffix(".stuff")
    stuff.write_bytes(random.Random(3).randbytes(300_000))  # noqa: S311 - the same each time
    commands = "".join(f"write {stuff} file{number}\n" for number in range(40))
    commands += "".join(f"rm file{number}\n" for number in range(0, 40, 3))
    run("debugfs", "-w", "-f", "/dev/stdin", path, typed=commands)
    # rm leaves the superblock's own sum to e2fsck.
    run("e2fsck", "-fy", path) if _is_odd(path) else None
    return path


def _is_odd(path: Path) -> bool:
    import subprocess

    return subprocess.run(["e2fsck", "-fn", path], capture_output=True, check=False).returncode != 0


def expected(path: Path) -> list[Span]:
    """The free blocks as dumpe2fs lists them."""
    text = run("dumpe2fs", path)
    block = int(re.search(r"Block size: +(\d+)", text)[1])  # type: ignore[index]
    spans = []
    for line in re.findall(r"(?m)^  Free blocks: (.*)$", text):
        for item in filter(None, line.split(", ")):
            first, _, last = item.partition("-")
            spans.append((int(first) * block, (int(last or first) + 1) * block))
    return list(joined(iter(spans)))


def found(path: Path) -> list[Span]:
    """The free blocks as we find them."""
    return list(joined(free_spans(reader(path), path.stat().st_size)))


@pytest.mark.parametrize("kind", KINDS)
def test_free_blocks_are_those_that_e2fsprogs_names(kind: str, tmp_path: Path) -> None:
    disk = make(tmp_path / "disk.raw", KINDS[kind])

    assert found(disk) == expected(disk) != []


@pytest.mark.parametrize(
    "options",
    [
        ("-t", "ext4", "-O", "bigalloc"),
        ("-t", "ext4", "-O", "meta_bg,^resize_inode"),
        ("-t", "ext4", "-O", "sparse_super2"),
        ("-t", "ext4", "-b", "4096", "-g", "8192"),
    ],
)
def test_what_is_not_certain_is_not_free(options: Sequence[str], tmp_path: Path) -> None:
    disk = make(tmp_path / "disk.raw", options)

    assert found(disk) == []


def test_a_file_system_that_was_not_unmounted_has_nothing_free(tmp_path: Path) -> None:
    disk = make(tmp_path / "disk.raw", KINDS["ext4"])
    run("debugfs", "-w", "-R", "feature needs_recovery", disk)

    assert found(disk) == []


@pytest.mark.parametrize("kind", ["ext4", "gdt-csum", "ext2"])
@pytest.mark.parametrize("place", ["bitmap", "descriptor", "superblock"])
def test_damage_means_that_nothing_is_free(kind: str, place: str, tmp_path: Path) -> None:
    disk = make(tmp_path / "disk.raw", KINDS[kind])
    text = run("dumpe2fs", disk)
    block = int(re.search(r"Block size: +(\d+)", text)[1])  # type: ignore[index]
    bitmap = int(re.search(r"Block bitmap at (\d+)", text)[1])  # type: ignore[index]
    first = int(block == 1024)
    offset = {
        "bitmap": bitmap * block + 700,
        "descriptor": (first + 1) * block + 0xC,
        "superblock": 1024 + 0xC,
    }[place]
    old = disk.read_bytes()[offset]
    patch(disk, offset, bytes([old ^ 0x10]))

    assert found(disk) == []


def test_no_block_of_a_file_is_left_out(tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk.raw", 200 * MIB)
    run("sfdisk", "--quiet", disk, typed="label: gpt\nstart=2048,size=327680\nstart=329728\n")
    part = make(tmp_path / "part.raw", KINDS["ext4"])
    noise = b"\xde\xad" * (128 << 10)
    run("dd", f"if={part}", f"of={disk}", "bs=1M", "seek=1", "conv=notrunc,sparse")
    free = [(start + MIB, end + MIB) for start, end in expected(part)]
    big = max(free, key=lambda span: span[1] - span[0])
    patch(disk, big[0], noise)
    with open_container(disk) as container:
        stream = VhdStream(container, free=free_spans(container.pread, container.virtual_size))
        sent = tmp_path / "sent.raw"
        sent.write_bytes(stream.pread(MIB, _SIZE))

    assert noise[:4096] not in sent.read_bytes()
    run("e2fsck", "-fn", sent)
    run("debugfs", "-R", f"dump file1 {tmp_path / 'file1'}", sent)
    assert (tmp_path / "file1").read_bytes() == (tmp_path / "part.stuff").read_bytes()


def test_partitions_that_share_space_have_nothing_free(tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk.raw", 200 * MIB)
    run("sfdisk", "--quiet", disk, typed="label: dos\nstart=2048,size=327680\nstart=329728\n")
    part = make(tmp_path / "part.raw", KINDS["ext4"])
    run("dd", f"if={part}", f"of={disk}", "bs=1M", "seek=1", "conv=notrunc,sparse")
    assert found(disk) != []
    patch(disk, 446 + 16 + 8, (200_000).to_bytes(4, "little"))

    assert found(disk) == []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_makes_it_fail_or_leave_the_disk(data: st.DataObject) -> None:
    disk = bytearray(_sample())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of(st.integers(1024, 2048), st.integers(4096, 4096 + 256)))
        disk[at] = data.draw(st.integers(0, 255))

    for start, end in free_spans(
        lambda offset, size: bytes(disk[offset : offset + size]), len(disk)
    ):
        assert 0 <= start < end <= len(disk)


def _sample() -> bytes:
    import tempfile

    if not _SAMPLE:
        with tempfile.TemporaryDirectory() as folder:
            options = ("-t", "ext4", "-O", "^metadata_csum,^uninit_bg", "-b", "4096")
            _SAMPLE.append(make(Path(folder, "disk.raw"), options, 32 * MIB).read_bytes())
    return _SAMPLE[0]


_SAMPLE: list[bytes] = []


def test_crc32c_is_castagnolis() -> None:
    # RFC 3720, B.4; the kernel leaves the final inversion to its callers.
    assert crc32c.of_bytes(bytes(32)) ^ crc32c.ALL_ONES == 0x8A9136AA
    assert crc32c.of_bytes(bytes(range(32))) ^ crc32c.ALL_ONES == 0x46DD794E
