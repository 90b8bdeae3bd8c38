"""Logs that were left to replay: by plain descriptions, and as qemu-img repairs a copy."""

from __future__ import annotations

import errno
import os
import shutil
import struct
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.copying import Method, copy_disk
from bootworthy.disk.extents import Kind
from bootworthy.disk.vhdx.image import Vhdx as VhdxImage
from bootworthy.disk.vhdx.replay import ReplayedFile
from bootworthy.model.errors import ImageError
from tests.disk.making import failing, needs, opened, patch, raw_of, run
from tests.disk.vhdxs import (
    FULL,
    LOG_AT,
    LOG_ID,
    MIB,
    PAGE,
    ZERO,
    Change,
    Entry,
    Vhdx,
    changes,
    dirty,
    disk_of,
    marked,
    ring,
    sealed,
    write_sparsely,
)

SIZE = 4 * MIB
BASE = Vhdx(size=SIZE, sectors=marked("base", (0, 1, 5, 2048, 2049, 6000)))
LENGTH = len(BASE.build())
BASE_DISK = disk_of(SIZE, BASE.sectors)

# Blocks lie last first: the first block, which is block 0 of the disk, is the last of the file.
BLOCK_0 = LENGTH - MIB


def page_of(disk: bytes, at: int) -> bytes:
    """The page of 4 KiB at an offset."""
    return disk[at : at + PAGE]


def read(path: Path) -> bytes:
    """The disk, read in pieces of an odd size."""
    with open_container(path) as container:
        return b"".join(
            container.pread(at, 33_333) for at in range(0, container.virtual_size, 33_333)
        )


def by_qemu(path: Path) -> bytes:
    """The disk as qemu-img gives it from a copy that it repaired."""
    copy = path.with_name("repaired.vhdx")
    shutil.copy(path, copy)
    # It syncs each page it writes, which takes seconds where a disk is busy.
    run("qemu-img", "check", "-q", "-T", "unsafe", "-r", "all", "-f", "vhdx", copy)
    return raw_of(copy, path.with_name("repaired.raw"), fmt="vhdx")


def refusal(path: Path) -> ImageError:
    """The error that opening and reading gives."""
    with pytest.raises(ImageError) as caught, open_container(path) as container:
        container.extents()
    assert caught.value.hint
    return caught.value


def one(*entries: Change, **fields: object) -> bytes:
    """A log of one entry."""
    entry = Entry(sequence=9, changes=entries, flushed=LENGTH, last=LENGTH)
    return ring((0, replace(entry, **fields).build()))  # type: ignore[arg-type]


AFTER = {
    "data of blocks that are there": replace(
        BASE, sectors={**BASE.sectors, **marked("new", (1, 2, 2050, 6007))}
    ),
    "blocks that are new": replace(BASE, sectors={**BASE.sectors, **marked("new", (6144, 6145))}),
    "blocks that are gone": replace(BASE, states={0: ZERO}),
    "metadata": replace(BASE, size=SIZE - 1536),
    "a table that moved": replace(BASE, moved=2 * MIB),
    "other blocks": Vhdx(size=SIZE, sectors=marked("other", (2047, 8191)), block_size=2 * MIB),
}


def changed_to(path: Path, after: Vhdx) -> Path:
    """The file of ``BASE`` with a log that makes it the one of ``after``."""
    final = after.build()
    length = max(len(final), LENGTH)
    entry = Entry(sequence=7, changes=changes(BASE.build(), final), flushed=length, last=length)
    write_sparsely(path, dirty(BASE, ring((40, replace(entry, tail=40).build()))))
    with path.open("r+b") as file:
        file.truncate(length)
    return path


def shown_by(after: Vhdx) -> bytes:
    """The disk that ``after`` is."""
    gone = range(2048) if after.states else ()
    return disk_of(after.size, {at: data for at, data in after.sectors.items() if at not in gone})


@needs("qemu-img")
@pytest.mark.parametrize("what", AFTER)
def test_what_a_log_makes_of_a_file(tmp_path: Path, what: str) -> None:
    image = changed_to(tmp_path / "image", AFTER[what])
    before = image.read_bytes()

    assert read(image) == shown_by(AFTER[what]) == by_qemu(image)
    assert image.read_bytes() == before


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("what", AFTER)
def test_every_way_of_copying_takes_what_the_log_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, method: Method
) -> None:
    for name in ("copy_file_range", "sendfile")[: list(Method).index(method)]:
        monkeypatch.setattr(os, name, failing(errno.EXDEV))
    image, target = changed_to(tmp_path / "image", AFTER[what]), tmp_path / "copy"

    with open_container(image) as container, opened(target, os.O_RDWR | os.O_CREAT) as fd:
        # Zeros are moved as well, so that some of each block is moved as it is.
        assert copy_disk(container, fd, find_zeros=False).method is method

    assert target.read_bytes() == shown_by(AFTER[what])


@pytest.mark.parametrize("size", [PAGE, 33_333, SIZE + 1])
@pytest.mark.parametrize("what", AFTER)
def test_filling_memory_takes_what_the_log_holds(tmp_path: Path, what: str, size: int) -> None:
    after = AFTER[what]
    buffer = memoryview(bytearray(size))
    found = b""

    with open_container(changed_to(tmp_path / "image", after)) as container:
        for at in range(0, after.size, size):
            buffer[:] = b"x" * size
            container.fill(buffer, at)
            found += buffer

    assert found[: after.size] == shown_by(after)
    assert not any(found[after.size :])


@pytest.mark.parametrize("what", AFTER)
def test_the_file_itself_is_as_its_log_makes_it(tmp_path: Path, what: str) -> None:
    final = AFTER[what].build()

    with open_container(changed_to(tmp_path / "image", AFTER[what])) as container:
        assert isinstance(container, VhdxImage)
        assert container.replay is not None
        view = ReplayedFile(container.file, container.replay)
        whole = view.pread(0, view.size)
        buffer = memoryview(bytearray(view.size))
        view.fill(buffer, 0, "file")
        with pytest.raises(ImageError) as caught:
            view.fill(memoryview(bytearray(2)), view.size - 1, "file")

    assert caught.value.code == "image-truncated"
    assert buffer == whole
    # Behind the log: what is before are the headers, which stay dirty, and the log itself.
    behind = LOG_AT + BASE.log_size
    assert whole[behind : len(final)] == final[behind:]


def test_the_file_is_as_long_as_its_log_says(tmp_path: Path) -> None:
    after = replace(BASE, sectors={**BASE.sectors, **marked("new", (7000,))})
    final = after.build()
    entry = Entry(sequence=1, changes=changes(BASE.build(), final), flushed=LENGTH, last=len(final))
    image = write_sparsely(tmp_path / "image", dirty(BASE, ring((0, entry.build()))))

    assert read(image) == disk_of(SIZE, after.sectors)
    with open_container(image) as container:
        assert container.file_size == LENGTH


def test_a_block_that_was_made_room_for_is_zeros(tmp_path: Path) -> None:
    table_at = LOG_AT + 2 * MIB
    table = bytearray(page_of(BASE.build(), table_at))
    table[3 * 8 : 4 * 8] = struct.pack("<Q", LENGTH | FULL)
    log = one((table_at, bytes(table)), last=LENGTH + MIB)
    image = write_sparsely(tmp_path / "image", dirty(BASE, log))

    assert read(image) == BASE_DISK
    with open_container(image) as container:
        assert container.extents().rows[-1]["kind"] == Kind.ZERO


@needs("qemu-img")
def test_zeros_and_pages_over_each_other(tmp_path: Path) -> None:
    sectors = {**marked("base", range(2048)), **marked("more", range(2048, 4096))}
    base = Vhdx(size=2 * MIB, sectors=sectors)
    length = len(base.build())
    start = length - MIB  # of block 0; block 1 is before it
    page = b"".join(marked("page", range(8)).values())
    written: list[Change] = [
        (start, page),
        (start + PAGE, 64 * PAGE),
        (start + 3 * PAGE, page[::-1]),
        (start - 2 * PAGE, 3 * PAGE),
        (start - PAGE, page),
        (start + 9 * PAGE, page),
        (start + 9 * PAGE, PAGE),
        (start + 9 * PAGE, 0),
    ]
    entry = Entry(sequence=1 << 33, changes=written, flushed=length, last=length)
    image = write_sparsely(tmp_path / "image", dirty(base, ring((0, entry.build()))))
    expected = bytearray(image.read_bytes())
    for at, data in written:
        page = bytes(data) if isinstance(data, int) else data
        expected[at : at + len(page)] = page

    found = read(image)

    assert found == bytes(expected[start:]) + bytes(expected[start - MIB : start])
    assert found == by_qemu(image)


@needs("qemu-img")
def test_entries_of_a_sequence_count_in_their_order(tmp_path: Path) -> None:
    pages = [bytes([number]) * PAGE for number in range(1, 6)]
    entries = [
        Entry(sequence=4, changes=[(BLOCK_0, pages[0]), (BLOCK_0 + PAGE, pages[1])]),
        Entry(sequence=5, changes=[(BLOCK_0, pages[2])]),
        # What has no descriptor is there to move the tail on.
        Entry(sequence=6),
        Entry(sequence=7, changes=[(BLOCK_0 + 2 * PAGE, pages[3]), (BLOCK_0, pages[4])]),
    ]
    image = write_sparsely(tmp_path / "image", dirty(BASE, ring(*in_a_row(entries, 100, tail=100))))

    expected = pages[4] + pages[1] + pages[3] + BASE_DISK[3 * PAGE :]
    assert read(image) == expected == by_qemu(image)
    with open_container(image) as container:
        assert "4 entries" in container.notes[0]


def in_a_row(entries: list[Entry], sector: int, **fields: object) -> list[tuple[int, bytes]]:
    """Entries one behind the other, with their places in a log."""
    placed = []
    for entry in entries:
        data = replace(entry, flushed=LENGTH, last=LENGTH, **fields).build()  # type: ignore[arg-type]
        placed.append((sector, data))
        sector += len(data) // PAGE
    return placed


# qemu-img takes what stands at the start of a log for a sequence of its own, and for the latest.
@pytest.mark.parametrize("start", [253, 254, 255])
def test_a_sequence_and_its_entries_go_over_the_end_of_the_log(tmp_path: Path, start: int) -> None:
    entries = [
        Entry(sequence=1, changes=[(BLOCK_0, b"1" * PAGE), (BLOCK_0 + PAGE, b"2" * PAGE)]),
        Entry(sequence=2, changes=[(BLOCK_0 + PAGE, b"3" * PAGE)]),
    ]
    image = write_sparsely(
        tmp_path / "image", dirty(BASE, ring(*in_a_row(entries, start, tail=start)))
    )

    assert read(image) == b"1" * PAGE + b"3" * PAGE + BASE_DISK[2 * PAGE :]


@needs("qemu-img")
def test_an_entry_goes_over_the_end_of_the_log(tmp_path: Path) -> None:
    changed: list[Change] = [(BLOCK_0, b"1" * PAGE), (BLOCK_0 + PAGE, b"2" * PAGE)]
    placed = in_a_row([Entry(sequence=1, changes=changed)], 254, tail=254)
    image = write_sparsely(tmp_path / "image", dirty(BASE, ring(*placed)))

    assert read(image) == b"1" * PAGE + b"2" * PAGE + BASE_DISK[2 * PAGE :] == by_qemu(image)


def test_a_full_ring(tmp_path: Path) -> None:
    entries = [Entry(sequence=n, changes=[(BLOCK_0, bytes([n]) * PAGE)]) for n in range(1, 129)]
    image = write_sparsely(tmp_path / "image", dirty(BASE, ring(*in_a_row(entries, 77, tail=77))))

    assert read(image) == bytes([128]) * PAGE + BASE_DISK[PAGE:]


def test_what_is_before_the_tail_counts_no_more(tmp_path: Path) -> None:
    entries = [
        Entry(sequence=1, changes=[(BLOCK_0, b"old" * 1365 + b"!")]),
        Entry(sequence=2, changes=[(BLOCK_0 + PAGE, b"2" * PAGE)]),
        Entry(sequence=3, changes=[(BLOCK_0 + 2 * PAGE, b"3" * PAGE)]),
    ]
    image = write_sparsely(tmp_path / "image", dirty(BASE, ring(*in_a_row(entries, 0, tail=2))))

    expected = page_of(BASE_DISK, 0) + b"2" * PAGE + b"3" * PAGE + BASE_DISK[3 * PAGE :]
    assert read(image) == expected


def test_the_latest_sequence_counts(tmp_path: Path) -> None:
    placed = [
        *in_a_row([Entry(sequence=30, changes=[(BLOCK_0, b"a" * PAGE)])], 0),
        *in_a_row([Entry(sequence=50, changes=[(BLOCK_0, b"b" * PAGE)])], 10, tail=10),
        *in_a_row([Entry(sequence=31, changes=[(BLOCK_0, b"c" * PAGE)])], 20, tail=20),
        # Of another time, of another log, and one whose tail is nowhere in its sequence.
        *in_a_row([Entry(sequence=60, log_id=uuid.UUID(int=5))], 30, tail=30),
        *in_a_row([Entry(sequence=61)], 40, tail=30),
    ]
    image = write_sparsely(tmp_path / "image", dirty(BASE, ring(*placed)))

    assert read(image) == b"b" * PAGE + BASE_DISK[PAGE:]


@needs("qemu-img")
@pytest.mark.parametrize("whole", [0, 1, 2])
def test_an_entry_that_was_not_written_to_its_end_does_not_count(
    tmp_path: Path, whole: int
) -> None:
    changed: list[Change] = [(BLOCK_0, b"1" * PAGE), (BLOCK_0 + PAGE, b"2" * PAGE)]
    placed = in_a_row([Entry(sequence=1, changes=[(BLOCK_0, b"0" * PAGE)])], 5, tail=5)
    torn = Entry(sequence=2, tail=5, changes=changed, flushed=LENGTH, last=LENGTH).build()
    old = Entry(sequence=1, log_id=uuid.UUID(int=5)).build()
    log = ring(*placed, (7, torn[: whole * PAGE]), (7 + whole, old * (3 - whole)))
    image = write_sparsely(tmp_path / "image", dirty(BASE, log))

    assert read(image) == b"0" * PAGE + BASE_DISK[PAGE:] == by_qemu(image)


@pytest.mark.parametrize(
    "entry",
    [
        Entry(sequence=0),
        Entry(sequence=1, fields={0: b"logf"}),
        Entry(sequence=1, fields={8: struct.pack("<I", 0)}),
        Entry(sequence=1, fields={8: struct.pack("<I", 5000)}),
        Entry(sequence=1, fields={8: struct.pack("<I", 2 * MIB)}),
        Entry(sequence=1, fields={12: struct.pack("<I", 100)}),
        Entry(sequence=1, fields={24: struct.pack("<I", 127)}),
        Entry(sequence=1, fields={24: struct.pack("<I", 0xFFFF_FFFF)}),
        Entry(sequence=1, fields={24: struct.pack("<I", 1)}),
        Entry(sequence=1, log_id=uuid.UUID(int=5)),
        Entry(sequence=1, tail=1),
        Entry(sequence=1, changes=[(BLOCK_0 + 512, bytes(PAGE))]),
        Entry(sequence=1, changes=[(BLOCK_0 + 512, PAGE)]),
        Entry(sequence=1, changes=[(BLOCK_0, 512)]),
        Entry(sequence=1, changes=[((1 << 64) - PAGE, PAGE)]),
        Entry(sequence=1, changes=[(0, (1 << 64) - PAGE)]),
        Entry(sequence=1, changes=[(BLOCK_0, bytes(PAGE))], data_sequence=2),
        Entry(sequence=1, changes=[(BLOCK_0, bytes(PAGE))], data_sequence=1 << 32 | 1),
        Entry(sequence=1, changes=[(BLOCK_0, bytes(PAGE))], fields={PAGE: b"date"}),
        Entry(sequence=1, changes=[(BLOCK_0, PAGE)], fields={88: struct.pack("<Q", 2)}),
    ],
)
def test_a_log_without_valid_entries_is_corrupt(tmp_path: Path, entry: Entry) -> None:
    image = write_sparsely(tmp_path / "image", dirty(BASE, ring((0, entry.build()))))

    error = refusal(image)

    assert (error.code, "no valid entries" in error.message) == ("image-corrupt", True)


def test_a_checksum_that_is_wrong_makes_an_entry_none(tmp_path: Path) -> None:
    image = write_sparsely(tmp_path / "image", dirty(BASE, one((BLOCK_0, bytes(PAGE)))))
    patch(image, LOG_AT + PAGE + 100, b"!")

    assert refusal(image).code == "image-corrupt"


@pytest.mark.parametrize("at", [0, 64 << 10, 188 << 10, LOG_AT, LOG_AT + MIB - PAGE])
@pytest.mark.parametrize("data", [bytes(PAGE), PAGE])
def test_a_log_changes_neither_itself_nor_headers(
    tmp_path: Path, at: int, data: bytes | int
) -> None:
    image = write_sparsely(tmp_path / "image", dirty(BASE, one((at, data))))

    assert "change itself" in refusal(image).message


def test_a_file_that_was_cut_short_is_said(tmp_path: Path) -> None:
    image = write_sparsely(tmp_path / "image", dirty(BASE, one(flushed=LENGTH + 1)))

    assert refusal(image).code == "image-truncated"


@pytest.mark.parametrize(
    ("offset", "value", "code", "words"),
    [
        (64, struct.pack("<H", 1), "image-format-unsupported", "log of version 1"),
        (68, struct.pack("<I", 0), "image-corrupt", "aligned"),
        (68, struct.pack("<I", 5), "image-corrupt", "aligned"),
        (68, struct.pack("<I", 65 * MIB), "image-too-complex", "log of 65 MiB"),
        (68, struct.pack("<I", 64 * MIB), "image-truncated", "log"),
        (72, struct.pack("<Q", 0), "image-corrupt", "aligned"),
        (72, struct.pack("<Q", 1 << 63), "image-truncated", "log"),
    ],
)
def test_headers_that_lie_about_a_log(
    tmp_path: Path, offset: int, value: bytes, code: str, words: str
) -> None:
    image = write_sparsely(tmp_path / "image", dirty(BASE, one()))
    header = bytearray(BASE.header(8, LOG_ID))
    header[offset : offset + len(value)] = value
    patch(image, 128 << 10, sealed(bytes(header)))

    error = refusal(image)

    assert (error.code, words in error.message) == (code, True), error.message


def test_more_changes_than_anyone_makes(tmp_path: Path) -> None:
    base = replace(BASE, log_size=16 * MIB)
    entry = Entry(sequence=1, changes=[(BLOCK_0, PAGE)] * ((1 << 18) + 1))
    image = write_sparsely(tmp_path / "image", dirty(base, ring((0, entry.build()), size=16 * MIB)))

    assert refusal(image).code == "image-too-complex"


def test_many_changes_over_each_other_take_no_time(tmp_path: Path) -> None:
    # Each range of zeros covers all those that begin behind it.
    base = replace(BASE, log_size=4 * MIB)
    written = [(BLOCK_0 + 4 * MIB + PAGE * n, PAGE * (1 << 17)) for n in range(1 << 16)]
    entry = Entry(sequence=1, changes=written)
    image = write_sparsely(tmp_path / "image", dirty(base, ring((0, entry.build()), size=4 * MIB)))

    assert read(image) == BASE_DISK


def test_entries_that_claim_the_whole_log_are_looked_at_once(tmp_path: Path) -> None:
    base = replace(BASE, log_size=32 * MIB)
    sectors = 32 * MIB // PAGE
    claim = Entry(sequence=1, fields={8: struct.pack("<I", 32 * MIB)}).build()
    log = ring(*((sector, claim) for sector in range(sectors)), size=32 * MIB)
    image = write_sparsely(tmp_path / "image", dirty(base, log))

    assert "no valid entries" in refusal(image).message


def test_a_copy_decodes_what_the_log_holds(tmp_path: Path) -> None:
    image = write_sparsely(tmp_path / "image", dirty(BASE, one((BLOCK_0 + PAGE, b"n" * PAGE))))

    with (
        open_container(image) as container,
        opened(tmp_path / "copy", os.O_RDWR | os.O_CREAT) as fd,
    ):
        assert copy_disk(container, fd).decoded_bytes == PAGE
        assert ("log", "replayed in memory") in container.details()
        assert "was replayed in memory" in container.notes[0]

    expected = page_of(BASE_DISK, 0) + b"n" * PAGE + BASE_DISK[2 * PAGE :]
    assert (tmp_path / "copy").read_bytes() == expected
