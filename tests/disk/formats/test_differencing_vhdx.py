"""Differencing VHDX against tables of sectors; qemu-img neither makes nor reads them."""

from __future__ import annotations

import os
import shutil
import struct
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, open_descriptors, opened, patch, run
from tests.disk.vhdxs import (
    FULL,
    LOG_AT,
    NOT_PRESENT,
    PARTIAL,
    UNDEFINED,
    UNMAPPED,
    ZERO,
    Entry,
    Vhdx,
    changes,
    dirty,
    disk_of,
    marked,
    ring,
    write_sparsely,
)

SIZE = 5 * MIB
PER_BLOCK = MIB // 512
BASE = Vhdx(size=SIZE, sectors=marked("base", range(0, SIZE // 512, 7)))
# The entries of the block table, and that of the bitmaps behind those of a chunk of 4096 blocks.
TABLE = LOG_AT + 2 * MIB
BITMAP_ENTRY = TABLE + 4096 * 8
LINK = f"{{{BASE.data_id}}}"


def read(path: Path, *, allow_backing: bool = True) -> bytes:
    """The disk, read in pieces of an odd size."""
    with open_container(path, allow_backing=allow_backing) as container:
        return b"".join(
            container.pread(at, 333_333) for at in range(0, container.virtual_size, 333_333)
        )


def refusal(path: Path, *, allow_backing: bool = True) -> ImageError:
    """The error that reading the image gives; nothing stays open behind it."""
    before = open_descriptors()
    with (
        pytest.raises(ImageError) as caught,
        open_container(path, allow_backing=allow_backing) as container,
    ):
        container.extents()
    assert caught.value.hint
    assert open_descriptors() <= before
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with the base in it."""
    BASE.write(tmp_path / "base.vhdx")
    return tmp_path


def test_a_parent_shows_through_sector_by_sector(folder: Path) -> None:
    # Bits at both ends of a byte, of a block and of the disk, and a block that is whole.
    some = (0, 1, 7, 8, 9, 17, PER_BLOCK - 1, PER_BLOCK, 3 * PER_BLOCK + 5, SIZE // 512 - 1)
    own = marked("child", (*some, *range(2 * PER_BLOCK, 3 * PER_BLOCK)))
    child = BASE.over(".\\base.vhdx", sectors=own).write(folder / "child.vhdx")

    assert read(child) == disk_of(SIZE, BASE.sectors, own)
    with open_container(child, allow_backing=True) as container:
        assert container.details()[0] == ("type", "differencing")
        assert container.details()[-1] == ("parent", str(folder / "base.vhdx"))
        assert container.notes == ()


@pytest.mark.parametrize("block_size", [MIB, 2 * MIB, 32 * MIB, 256 * MIB])
@pytest.mark.parametrize("sector_size", [512, 4096])
def test_any_size_of_blocks_and_sectors(tmp_path: Path, block_size: int, sector_size: int) -> None:
    size = 3 * MIB - 5 * sector_size
    count = size // sector_size
    held = marked("base", range(0, count, 3), sector_size)
    base = replace(BASE, size=size, sector_size=sector_size, sectors=held)
    own = marked("child", (0, 2, 8, 255, 256, count - 1), sector_size)
    base.write(tmp_path / "base.vhdx")
    child = base.over("base.vhdx", sectors=own, block_size=block_size)

    found = read(child.write(tmp_path / "child.vhdx"))

    assert found == disk_of(size, base.sectors, own, sector_size=sector_size)


def test_blocks_of_every_state(folder: Path) -> None:
    own = marked("child", (3, PER_BLOCK + 3))
    states = {0: FULL, 1: NOT_PRESENT, 2: ZERO, 3: UNMAPPED, 4: UNDEFINED}
    child = BASE.over("base.vhdx", sectors=own, states=states).write(folder / "child")

    found = read(child)

    # What is fully there is taken whole, whatever any bitmap says: here junk around one sector.
    junk = dict.fromkeys(range(PER_BLOCK), b"\xee" * 512)
    parents = {at: data for at, data in BASE.sectors.items() if PER_BLOCK <= at < 2 * PER_BLOCK}
    assert found == disk_of(SIZE, junk, marked("child", (3,)), parents)


def test_bitmaps_of_several_chunks(tmp_path: Path) -> None:
    # The bitmaps of a chunk serve 4 GiB in sectors of 512 bytes.
    base = replace(BASE, size=9 << 30, block_size=256 * MIB, sectors=marked("base", (0, 9)))
    base.write(tmp_path / "base.vhdx")
    numbers = (1, (4 << 30) // 512 + 9, (8 << 30) // 512 + 8)
    own = marked("child", numbers)
    child = base.over("base.vhdx", sectors=own).write(tmp_path / "child.vhdx")

    with open_container(child, allow_backing=True) as container:
        for number, data in {**base.sectors, **own}.items():
            assert container.pread(number * 512, 512) == data
            assert container.pread((number + 1) * 512, 512) in (bytes(512), own.get(number + 1))
        assert container.extents().bytes_of(Kind.DATA) == 3 * 512 + 256 * MIB - 512


def test_blocks_that_follow_each_other_over_the_end_of_a_chunk(tmp_path: Path) -> None:
    # 4096 blocks of 1 MiB are a chunk.
    base = replace(BASE, size=4100 * MIB, sectors={})
    base.write(tmp_path / "base.vhdx")
    own = marked("child", (at * PER_BLOCK + at % 7 for at in (0, 1, 3, *range(4094, 4099))))
    child = base.over("base.vhdx", sectors=own).write(tmp_path / "child.vhdx")

    with open_container(child, allow_backing=True) as container:
        rows = container.extents().rows
        assert rows["guest"].tolist() == [at * 512 for at in own]
        assert rows["length"].tolist() == [512] * len(own)
        assert all(container.pread(at * 512, 512) == data for at, data in own.items())


def test_a_chain_whose_middle_was_not_closed(folder: Path) -> None:
    own = marked("middle", (1, 2, 3, 500))
    before = BASE.over("base.vhdx", sectors=own, log_size=4 * MIB)
    middle = replace(before, sectors={**before.sectors, **marked("late", (2, 4, PER_BLOCK * 3))})
    final = middle.build()
    entry = Entry(sequence=3, changes=changes(before.build(), final), last=len(final))
    write_sparsely(folder / "middle.vhdx", dirty(before, ring((0, entry.build()), size=4 * MIB)))
    top = middle.over("middle.vhdx", sectors=marked("top", (2, 900, SIZE // 512 - 1)))
    expected = disk_of(SIZE, BASE.sectors, middle.sectors, top.sectors)

    path = top.write(folder / "top.vhdx")

    assert read(path) == expected
    with (
        open_container(path, allow_backing=True) as container,
        opened(folder / "copy", os.O_RDWR | os.O_CREAT) as fd,
    ):
        copy_disk(container, fd)
        assert [name for name, _ in container.details()].count("parent") == 2
        assert "middle.vhdx was not closed properly" in container.notes[0]
    assert (folder / "copy").read_bytes() == expected


def test_a_log_changes_a_bitmap_only(folder: Path) -> None:
    before = BASE.over("base.vhdx", sectors=marked("child", (1, 9)))
    after = replace(before, sectors=marked("child", (1,)))
    changed = changes(before.build(), after.build())
    bitmap = [(at, page) for at, page in changed if at == len(after.build()) - MIB]
    entry = Entry(sequence=1, changes=bitmap)
    image = write_sparsely(folder / "child", dirty(before, ring((0, entry.build()))))

    assert len(bitmap) == 1
    assert read(image) == disk_of(SIZE, BASE.sectors, after.sectors)


@pytest.mark.parametrize("blocks", [3, 7])
def test_a_parent_of_another_size(tmp_path: Path, blocks: int) -> None:
    size = blocks * MIB - 1536
    base = replace(BASE, size=size, sectors=marked("base", range(0, size // 512, 7)))
    base.write(tmp_path / "base.vhdx")
    own = marked("child", (5, 6, 4 * PER_BLOCK))
    child = base.over("base.vhdx", size=SIZE, sectors=own).write(tmp_path / "child")

    assert read(child) == disk_of(max(SIZE, size), base.sectors, own)[:SIZE]


def test_a_qcow2_over_a_chain(folder: Path) -> None:
    own = marked("child", (1, 2))
    BASE.over("base.vhdx", sectors=own).write(folder / "child.vhdx")
    run("qemu-img", "create", "-f", "qcow2", folder / "top", str(SIZE))
    run("qemu-img", "rebase", "-u", "-b", "child.vhdx", "-F", "vhdx", folder / "top")

    assert read(folder / "top") == disk_of(SIZE, BASE.sectors, own)
    with open_container(folder / "top", allow_backing=True) as container:
        assert container.details()[-2:] == (
            ("backing file", str(folder / "child.vhdx")),
            ("parent", str(folder / "base.vhdx")),
        )


# --- How a parent is found


@pytest.mark.parametrize(
    "paths",
    [
        {"relative_path": ".\\below\\base.vhdx"},
        {"relative_path": "..\\elsewhere\\beside.vhdx"},
        {"absolute_win32_path": "\\\\?\\C:\\vms\\gone", "relative_path": "below\\base.vhdx"},
        {"absolute_win32_path": "\\\\?\\C:\\vms\\beside.vhdx"},
        {"absolute_win32_path": "\\\\?\\UNC\\server\\share\\beside.vhdx"},
        {"volume_path": "\\\\?\\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\\beside.vhdx"},
        {"relative_path": "gone.vhdx", "volume_path": "\\\\?\\Volume{1}\\beside.vhdx"},
    ],
)
def test_a_parent_is_found_below_or_beside(tmp_path: Path, paths: Mapping[str, str]) -> None:
    (tmp_path / "below").mkdir()
    BASE.write(tmp_path / "below" / "base.vhdx")
    BASE.write(tmp_path / "beside.vhdx")
    own = marked("child", (1,))
    child = BASE.over("", sectors=own, locator={"parent_linkage": LINK, **paths})

    assert read(child.write(tmp_path / "child")) == disk_of(SIZE, BASE.sectors, own)


@pytest.mark.parametrize(
    "path", ["..\\base.vhdx", "/etc/passwd", "file:///etc/passwd", "\\\\?\\C:\\x\\base.vhdx"]
)
def test_nothing_outside_is_opened(tmp_path: Path, path: str) -> None:
    (tmp_path / "d").mkdir()
    BASE.write(tmp_path / "base.vhdx")
    for key in ("relative_path", "absolute_win32_path"):
        locator = {"parent_linkage": LINK, key: path}
        child = BASE.over("", locator=locator).write(tmp_path / "d" / "child")
        assert refusal(child).code == "image-not-found"


def test_a_parent_is_not_opened_unasked(folder: Path) -> None:
    child = BASE.over("base.vhdx").write(folder / "child")

    error = refusal(child, allow_backing=False)

    assert (error.code, error.hint) == ("image-refers-outside", "pass --allow-backing")


@pytest.mark.parametrize("key", ["parent_linkage", "parent_linkage2"])
def test_either_link_may_be_right(folder: Path, key: str) -> None:
    links = {"parent_linkage": f"{{{uuid.UUID(int=7)}}}", "relative_path": "base.vhdx"}
    child = BASE.over("", locator={**links, key: LINK.upper()}).write(folder / "child")

    assert read(child) == disk_of(SIZE, BASE.sectors)


def test_another_disk_is_no_parent(folder: Path) -> None:
    replace(BASE, data_id=uuid.UUID(int=99)).write(folder / "base.vhdx")
    child = BASE.over("base.vhdx").write(folder / "child")

    error = refusal(child)

    assert error.code == "image-wrong-parent"
    assert str(uuid.UUID(int=99)) in error.message
    assert str(BASE.data_id) in error.message


def test_another_format_is_no_parent(folder: Path) -> None:
    child = BASE.over("base.vhdx").write(folder / "child")
    run("qemu-img", "create", "-f", "vpc", folder / "base.vhdx", "4M")

    assert refusal(child).code == "image-corrupt"


def test_sectors_have_to_be_of_the_parents_size(folder: Path) -> None:
    child = BASE.over("base.vhdx", sector_size=4096).write(folder / "child")

    assert "another size" in refusal(child).message


def test_a_circle_ends(tmp_path: Path) -> None:
    assert "circle" in refusal(BASE.over("child").write(tmp_path / "child")).message


def test_a_chain_of_too_many(folder: Path) -> None:
    link = {"parent_linkage": LINK}
    for number in range(1, 40):
        below = "base.vhdx" if number == 1 else f"{number - 1}"
        disk = BASE.over("", data_id=BASE.data_id, locator={**link, "relative_path": below})
        disk.write(folder / f"{number}")

    assert read(folder / "20") == disk_of(SIZE, BASE.sectors)
    assert "layers" in refusal(folder / "39").message


# --- Locators and tables that are wrong


@pytest.mark.parametrize(
    ("locator", "words"),
    [
        ({}, "which disk its parent is"),
        ({"relative_path": "base.vhdx"}, "which disk its parent is"),
        ({"parent_linkage": LINK}, "does not name its parent"),
        ({"parent_linkage": "{no}", "relative_path": "base.vhdx"}, "no identifier"),
        ({"parent_linkage": LINK, "Relative_Path": "base.vhdx"}, "does not name its parent"),
        ({f"key {number}": "x" for number in range(65)}, "65 entries"),
    ],
)
def test_locators_that_say_too_little(folder: Path, locator: dict[str, str], words: str) -> None:
    error = refusal(BASE.over("", locator=locator).write(folder / "child"))

    assert (error.code, words in error.message) == ("image-corrupt", True), error.message


def test_a_locator_of_another_type(folder: Path) -> None:
    child = BASE.over("base.vhdx", locator_type=uuid.UUID(int=1)).write(folder / "child")

    assert refusal(child).code == "image-format-unsupported"


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (18, struct.pack("<H", 0xFFFF), "65535 entries"),
        (20, struct.pack("<I", 0xFFFF_FFFF), "over its end"),
        (24, struct.pack("<I", 1 << 20), "over its end"),
        (28, struct.pack("<H", 0xFFFF), "over its end"),
        (30, struct.pack("<H", 0xFFFF), "over its end"),
        (28, struct.pack("<H", 0), "which disk its parent is"),
        (24, struct.pack("<I", 20), "no identifier"),
    ],
)
def test_locators_that_lie(folder: Path, at: int, value: bytes, words: str) -> None:
    child = BASE.over("base.vhdx").write(folder / "child")
    start = child.read_bytes().index(BASE.locator_type.bytes_le)
    patch(child, start + at, value)

    error = refusal(child)

    assert (error.code, words in error.message) == ("image-corrupt", True), error.message


@pytest.mark.parametrize("length", [0, 10, MIB + 1, 0xFFFF_FFFF])
def test_a_locator_of_an_impossible_length(folder: Path, length: int) -> None:
    child = BASE.over("base.vhdx").write(folder / "child")
    item = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c").bytes_le
    patch(child, child.read_bytes().index(item) + 20, struct.pack("<I", length))

    assert refusal(child).code == "image-corrupt"


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [
        (0, "image-corrupt", "no sector bitmap"),
        (7, "image-corrupt", "no sector bitmap"),
        (1 << 20 | 1, "image-corrupt", "no sector bitmap"),
        (1 << 63 | 6, "image-corrupt", "no sector bitmap"),
        (6, "image-corrupt", "in one place"),
        (1 << 20 | 6, "image-corrupt", "in one place"),
        (1 << 50 | 6, "image-truncated", "bitmap"),
    ],
)
def test_entries_of_bitmaps_that_lie(folder: Path, entry: int, code: str, words: str) -> None:
    child = BASE.over("base.vhdx", sectors=marked("child", (1,))).write(folder / "child")
    patch(child, BITMAP_ENTRY, struct.pack("<Q", entry))

    error = refusal(child)

    assert (error.code, words in error.message) == (code, True), error.message


def test_a_block_over_its_own_bitmap(folder: Path) -> None:
    child = BASE.over("base.vhdx", sectors=marked("child", (1,))).write(folder / "child")
    (bitmap,) = struct.unpack("<Q", child.read_bytes()[BITMAP_ENTRY : BITMAP_ENTRY + 8])
    patch(child, TABLE, struct.pack("<Q", bitmap - 6 + PARTIAL))

    assert "in one place" in refusal(child).message


def test_a_table_too_short_for_the_entry_of_a_bitmap(tmp_path: Path) -> None:
    # 131072 entries fill a table of 1 MiB: 32 chunks are there, the entry of the last is not.
    disks = replace(BASE, size=(131072 - 31) * MIB, sectors={})
    disks.write(tmp_path / "base.vhdx")
    child = disks.over("base.vhdx", states={31 * 4096: PARTIAL}).write(tmp_path / "child")

    assert "ends before the entry" in refusal(child).message


def test_a_part_of_a_block_is_nothing_without_a_parent(tmp_path: Path) -> None:
    image = replace(BASE, states={0: PARTIAL}).write(tmp_path / "image")

    assert "no state" in refusal(image).message


def test_a_copy_elsewhere_is_without_its_parent(folder: Path) -> None:
    child = BASE.over("base.vhdx").write(folder / "child")
    (folder / "alone").mkdir()
    shutil.move(child, folder / "alone" / "child")

    error = refusal(folder / "alone" / "child")

    assert error.code == "image-not-found"
    assert "base.vhdx" in error.message
