"""Dynamic VHDs byte for byte against qemu-img, differencing ones against tables of sectors."""

from __future__ import annotations

import os
import struct
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, opened, patch, patterned, raw_of, run, sparse
from tests.disk.vhds import SECTOR, Vhd, absolute, disk_of, marked, relative

SIZE = 64 * SECTOR
BASE = Vhd(size=SIZE, sectors=marked("base", *range(0, 64, 3)))


def read(path: Path, *, allow_backing: bool = True) -> bytes:
    """The disk, read in pieces of an odd size."""
    with open_container(path, allow_backing=allow_backing) as container:
        return b"".join(
            container.pread(at, 33_333) for at in range(0, container.virtual_size, 33_333)
        )


def notes(path: Path) -> tuple[str, ...]:
    """What reading the image noted."""
    with open_container(path, allow_backing=True) as container:
        return container.notes


def refusal(path: Path, *, allow_backing: bool = True) -> ImageError:
    """The error that reading the image gives, when opened or when mapped."""
    with (
        pytest.raises(ImageError) as caught,
        open_container(path, allow_backing=allow_backing) as container,
    ):
        container.extents()
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("options", ["subformat=dynamic", "subformat=dynamic,force_size"])
@pytest.mark.parametrize("size", [3 * MIB, 5 * MIB + 1536, 2 * MIB + 512])
def test_reads_what_qemu_img_writes(tmp_path: Path, options: str, size: int) -> None:
    disk = patterned(tmp_path / "disk", size)
    image = tmp_path / "image"
    run("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", options, tmp_path / "disk", image)

    found = read(image)

    assert found == raw_of(image, tmp_path / "raw", fmt="vpc")
    assert found[:size] == disk
    if "force_size" in options:
        assert len(found) == size


def test_reads_a_dynamic_vhd_that_a_guest_wrote_to(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "vpc", "-o", "force_size", image, "40M")
    for command in ("write -P 1 30M 5k", "write -P 2 100 9000", "write -P 3 2M 4M"):
        run("qemu-io", "-f", "vpc", "-c", command, image)

    assert read(image) == raw_of(image, tmp_path / "raw", fmt="vpc")
    with open_container(image) as container:
        assert dict(container.details())["type"] == "dynamic"
        assert container.extents().bytes_of(Kind.DATA) == 8 * MIB


def test_a_copy_is_the_disk_and_takes_no_decoding(tmp_path: Path) -> None:
    BASE.write(tmp_path / "base.vhd")
    sparse(tmp_path / "copy", 0)

    with open_container(tmp_path / "base.vhd") as container, opened(tmp_path / "copy") as fd:
        assert copy_disk(container, fd).decoded_bytes == 0

    assert (tmp_path / "copy").read_bytes() == disk_of(SIZE, BASE.sectors)


@pytest.mark.parametrize("block_size", [512, 1024, 4096, 8192, 2 * MIB, 4 * MIB])
@pytest.mark.parametrize("bitmap_ones", [True, False])
def test_any_block_size_and_any_bitmap(
    tmp_path: Path, block_size: int, *, bitmap_ones: bool
) -> None:
    # One sector short of the last block; the last sector of the table of sectors is 62.
    own = marked("own", *range(0, 63, 2))
    vhd = Vhd(size=SIZE - SECTOR, sectors=own, block_size=block_size, bitmap_ones=bitmap_ones)

    assert read(vhd.write(tmp_path / "v")) == disk_of(SIZE - SECTOR, own)


@pytest.mark.parametrize("block_size", [512, 4096, 2 * MIB])
def test_a_parent_shows_through_sector_by_sector(tmp_path: Path, block_size: int) -> None:
    BASE.write(tmp_path / "base.vhd")
    own = marked("child", 0, 1, 7, 8, 9, 33, 63)
    child = BASE.over("base.vhd", sectors=own, block_size=block_size).write(tmp_path / "child.vhd")

    assert read(child) == disk_of(SIZE, BASE.sectors, own)
    with open_container(child, allow_backing=True) as container:
        details = dict(container.details())
        assert details["type"] == "differencing"
        assert details["parent"] == str(tmp_path / "base.vhd")


def test_blocks_that_are_full_empty_and_between(tmp_path: Path) -> None:
    BASE.write(tmp_path / "base.vhd")
    own = marked("child", *range(8, 16), *range(24, 30), *range(40, 56))
    # The first block is there with a clear bitmap: all of it is the parent's.
    child = BASE.over("base.vhd", sectors=own).write(tmp_path / "child.vhd")
    raw = bytearray(child.read_bytes())
    raw[1536:1540] = struct.pack(">I", (len(raw) - 512) // SECTOR)
    child.write_bytes(bytes(raw[:-512]) + bytes(512) + b"\xee" * 4096 + bytes(raw[-512:]))

    assert read(child) == disk_of(SIZE, BASE.sectors, own)


def test_a_chain_down_to_a_fixed_vhd(tmp_path: Path) -> None:
    disk = patterned(tmp_path / "fixed.vhd", MIB)
    with (tmp_path / "fixed.vhd").open("ab") as file:
        file.write(footer.build(MIB, unique_id=BASE.unique_id))
    middle = replace(BASE, size=MIB).over("fixed.vhd", sectors=marked("middle", 1, 2, 3, 500))
    top = middle.over("middle.vhd", sectors=marked("top", 2, 900, 2047))
    middle.write(tmp_path / "middle.vhd")
    below = {at: disk[at * SECTOR :][:SECTOR] for at in range(MIB // SECTOR)}

    found = read(top.write(tmp_path / "top.vhd"))

    assert found == disk_of(MIB, below, middle.sectors, top.sectors)
    with open_container(tmp_path / "top.vhd", allow_backing=True) as container:
        assert len(container.files()) == 3
        assert [path for name, path in container.details() if name == "parent"] == [
            str(tmp_path / "middle.vhd"),
            str(tmp_path / "fixed.vhd"),
        ]


@pytest.mark.parametrize("parent_size", [SIZE - 20 * SECTOR, SIZE + 20 * SECTOR])
def test_a_parent_of_another_size(tmp_path: Path, parent_size: int) -> None:
    inside = {at: data for at, data in BASE.sectors.items() if at * SECTOR < parent_size}
    replace(BASE, size=parent_size, sectors=inside).write(tmp_path / "base.vhd")
    child = BASE.over("base.vhd", sectors=marked("child", 5, 6, 60)).write(tmp_path / "child.vhd")

    assert read(child) == disk_of(SIZE, inside, marked("child", 5, 6, 60))


def test_a_qcow2_over_a_dynamic_vhd(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", 3 * MIB)
    base, image = tmp_path / "base", tmp_path / "image"
    argv = ("-f", "raw", "-O", "vpc", "-o", "force_size", tmp_path / "disk", base)
    run("qemu-img", "convert", *argv)
    run("qemu-img", "create", "-f", "qcow2", "-b", base, "-F", "vpc", image)
    run("qemu-io", "-f", "qcow2", "-c", "write -P 5 1M 100k", image)

    assert read(image) == raw_of(image, tmp_path / "raw")


# --- How a parent is found


@pytest.mark.parametrize(
    "locators",
    [
        (relative(".\\below\\base.vhd"),),
        (relative("below\\base.vhd"),),
        (absolute("C:\\vms\\gone.vhd"), relative(".\\below\\base.vhd")),
        (relative("..\\elsewhere\\beside.vhd"),),
        (absolute("C:\\vms\\beside.vhd"),),
        (absolute("\\\\server\\share\\beside.vhd"),),
        (absolute("\\\\?\\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\\beside.vhd"),),
    ],
)
def test_a_parent_is_found_below_or_beside(
    tmp_path: Path, locators: tuple[tuple[bytes, bytes], ...]
) -> None:
    (tmp_path / "below").mkdir()
    BASE.write(tmp_path / "below" / "base.vhd")
    BASE.write(tmp_path / "beside.vhd")
    child = BASE.over("", sectors=marked("child", 1), locators=locators).write(tmp_path / "child")

    assert read(child) == disk_of(SIZE, BASE.sectors, marked("child", 1))


def test_a_parent_is_found_by_the_name_in_the_header(tmp_path: Path) -> None:
    BASE.write(tmp_path / "base.vhd")
    child = BASE.over("base.vhd", locators=()).write(tmp_path / "child")

    assert read(child) == disk_of(SIZE, BASE.sectors)


@pytest.mark.parametrize(
    "locator",
    [
        relative("..\\base.vhd"),
        absolute("/etc/passwd"),
        relative("file:///etc/passwd"),
        absolute("\\\\server\\share\\base.vhd"),
    ],
)
def test_nothing_outside_is_opened(tmp_path: Path, locator: tuple[bytes, bytes]) -> None:
    (tmp_path / "d").mkdir()
    BASE.write(tmp_path / "base.vhd")
    child = BASE.over("", locators=(locator,)).write(tmp_path / "d" / "child")

    assert refusal(child).code == "image-not-found"


def test_a_parent_is_not_opened_unasked(tmp_path: Path) -> None:
    BASE.write(tmp_path / "base.vhd")
    child = BASE.over("base.vhd").write(tmp_path / "child")

    error = refusal(child, allow_backing=False)

    assert (error.code, error.hint) == ("image-refers-outside", "pass --allow-backing")


def test_a_disk_that_names_no_parent_is_corrupt(tmp_path: Path) -> None:
    assert refusal(BASE.over("", locators=()).write(tmp_path / "child")).code == "image-corrupt"


def test_another_disk_is_no_parent(tmp_path: Path) -> None:
    replace(BASE, unique_id=uuid.UUID(int=99)).write(tmp_path / "base.vhd")
    child = BASE.over("base.vhd").write(tmp_path / "child")

    assert refusal(child).code == "image-wrong-parent"


def test_a_circle_ends(tmp_path: Path) -> None:
    child = BASE.over("child").write(tmp_path / "child")

    assert "circle" in refusal(child).message


def test_a_parent_changed_since_is_noted(tmp_path: Path) -> None:
    base = BASE.write(tmp_path / "base.vhd")
    now = BASE.over("base.vhd").write(tmp_path / "now")
    old = BASE.over("base.vhd", parent_time=700_000_000).write(tmp_path / "old")

    assert notes(now) == ()
    assert "time stamp" in notes(old)[0]

    # Windows remembers when the parent's file was changed, in seconds since 2000.
    os.utime(base, (0, 946_684_800 + 700_000_000))
    assert notes(old) == ()


# --- Footers, headers and tables that are wrong


def test_the_copy_of_the_footer_serves_when_the_end_is_damaged(tmp_path: Path) -> None:
    image = BASE.write(tmp_path / "image")
    whole = image.read_bytes()

    for end in (b"", b"\0" * 512, whole[-512:-440] + b"x" * 440):
        image.write_bytes(whole[:-512] + end)
        assert read(image) == disk_of(SIZE, BASE.sectors)
        assert "its copy at the start is used" in notes(image)[0]


def test_the_end_serves_when_the_copy_is_damaged(tmp_path: Path) -> None:
    image = BASE.write(tmp_path / "image")
    patch(image, 0, bytes(512))

    assert read(image) == disk_of(SIZE, BASE.sectors)
    assert notes(image) == ()


def test_without_any_footer_it_is_corrupt(tmp_path: Path) -> None:
    image = BASE.write(tmp_path / "image")
    patch(image, 80, b"zzzz")
    patch(image, image.stat().st_size - 512 + 80, b"zzzz")

    assert "neither" in refusal(image).message


def test_a_fixed_vhd_whose_guest_wrote_a_footer_stays_fixed(tmp_path: Path) -> None:
    inner = BASE.build().ljust(MIB, b"\0")
    (tmp_path / "image").write_bytes(inner + footer.build(MIB))

    assert read(tmp_path / "image") == inner


def test_a_geometry_counts_for_those_who_mean_it(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "vpc", image, "3000M")

    with open_container(image) as container:
        assert container.virtual_size == 3146121216


@pytest.mark.parametrize(
    ("offset", "value", "code"),
    [
        (0, b"cxsparsx", "image-corrupt"),
        (16, struct.pack(">Q", 1 << 40), "image-truncated"),
        (16, struct.pack(">Q", (1 << 64) - 1), "image-truncated"),
        (16, struct.pack(">Q", 0), "image-corrupt"),
        (24, struct.pack(">I", 0x20000), "image-corrupt"),
        (28, struct.pack(">I", 7), "image-corrupt"),
        (28, struct.pack(">I", 0xFFFF_FFFF), "image-truncated"),
        (32, struct.pack(">I", 0), "image-corrupt"),
        (32, struct.pack(">I", 256), "image-corrupt"),
        (32, struct.pack(">I", 4096 + 512), "image-corrupt"),
        (32, struct.pack(">I", 512), "image-corrupt"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, offset: int, value: bytes, code: str) -> None:
    image = replace(BASE, fields={offset: value}).write(tmp_path / "image")

    assert refusal(image).code == code


def test_a_header_whose_checksum_is_wrong_is_refused(tmp_path: Path) -> None:
    image = BASE.write(tmp_path / "image")
    patch(image, 512 + 36, b"\1\2\3\4")

    assert "checksum" in refusal(image).message


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({0: 0}, "image-corrupt"),  # over the footer
        ({0: 1}, "image-corrupt"),  # over the header
        ({0: 3}, "image-corrupt"),  # over the table
        ({0: 4, 1: 4}, "image-corrupt"),  # twice the same
        ({0: 4, 1: 5}, "image-corrupt"),  # half over another
        ({0: 0xFFFF_FFFE}, "image-truncated"),
        ({7: 1000}, "image-truncated"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, table: dict[int, int], code: str) -> None:
    image = replace(BASE, table=table).write(tmp_path / "image")

    assert refusal(image).code == code


def test_a_sector_bitmap_beyond_the_end_is_truncated(tmp_path: Path) -> None:
    BASE.write(tmp_path / "base.vhd")
    child = BASE.over("base.vhd", table={0: 5000}).write(tmp_path / "child")

    assert refusal(child).code == "image-truncated"


def test_a_block_cut_off_is_truncated(tmp_path: Path) -> None:
    image = BASE.write(tmp_path / "image")
    image.write_bytes(image.read_bytes()[:-1024])

    assert refusal(image).code == "image-truncated"


def test_a_disk_of_too_many_blocks_is_refused(tmp_path: Path) -> None:
    # 1 TiB in blocks of 512 bytes has a table of 8 GiB, which a sparse file holds.
    blocks = (1 << 40) // 512
    vhd = Vhd(size=SIZE, sectors={}, block_size=512, fields={28: struct.pack(">I", blocks)})
    large = replace(vhd, size=1 << 40).footer()
    image = vhd.write(tmp_path / "image")
    patch(image, 0, large)
    with image.open("r+b") as file:
        file.seek(1536 + blocks * 4)
        file.write(large)

    assert refusal(image).code == "image-too-complex"
