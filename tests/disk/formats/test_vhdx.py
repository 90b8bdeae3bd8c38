"""VHDX, byte for byte against qemu-img."""

from __future__ import annotations

import struct
from pathlib import Path

import google_crc32c
import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, patterned, raw_of, run

HEADERS = (64 << 10, 128 << 10)
TABLES = (192 << 10, 256 << 10)
BAT, METADATA = 0x2DC27766, 0x8B7CA206
PARAMETERS, SIZE, LOGICAL = 0xCAA16737, 0x2FA54224, 0x8141BF1D


def convert(tmp_path: Path, size: int = 4 * MIB, options: str = "block_size=1M") -> Path:
    """A VHDX of a patterned disk, made by qemu-img."""
    disk, image = tmp_path / "disk", tmp_path / "image.vhdx"
    patterned(disk, size)
    run("qemu-img", "convert", "-f", "raw", "-O", "vhdx", "-o", options, disk, image)
    return image


def refusal(path: Path) -> ImageError:
    """The error that opening and reading gives."""
    with pytest.raises(ImageError) as caught, open_container(path) as container:
        container.pread(0, container.virtual_size)
    return caught.value


def sealed_patch(path: Path, places: tuple[int, ...], size: int, offset: int, data: bytes) -> None:
    """Change copies of a structure of ``size`` bytes and make their checksums right."""
    for place in places:
        raw = bytearray(path.read_bytes()[place : place + size])
        raw[offset : offset + len(data)] = data
        raw[4:8] = bytes(4)
        raw[4:8] = struct.pack("<I", google_crc32c.value(bytes(raw)))
        patch(path, place, bytes(raw))


def region(path: Path, name: int) -> int:
    """Where a region is in the file."""
    raw = path.read_bytes()[TABLES[0] : TABLES[0] + 4096]
    at = raw.index(struct.pack("<I", name))
    return int(struct.unpack_from("<Q", raw, at + 16)[0])


def item(path: Path, name: int) -> int:
    """Where a metadata item is in the file."""
    start = region(path, METADATA)
    raw = path.read_bytes()[start : start + 4096]
    at = raw.index(struct.pack("<I", name))
    return start + int(struct.unpack_from("<I", raw, at + 16)[0])


@pytest.mark.parametrize(
    "options",
    [
        "block_size=1M",
        "block_size=2M,log_size=3M",
        "block_size=32M",
        "block_size=1M,block_state_zero=off",
        "subformat=fixed,block_size=1M",
    ],
)
@pytest.mark.parametrize("size", [5 * MIB + 1536, 4 * MIB, 512])
def test_reads_what_qemu_img_writes(tmp_path: Path, options: str, size: int) -> None:
    image = convert(tmp_path, size, options)

    with open_container(image) as container:
        assert container.format == "vhdx"
        assert container.notes == ()
        assert container.pread(0, container.virtual_size + 5) == raw_of(
            image, tmp_path / "raw", fmt="vhdx"
        )
        fixed = options.startswith("subformat=fixed")
        assert container.details()[0] == ("type", "fixed" if fixed else "dynamic")


def test_blocks_behind_an_entry_for_bitmaps_and_out_of_order(tmp_path: Path) -> None:
    image = tmp_path / "image"
    # A chunk of blocks of 256 MiB is 16 of them: the entry for its bitmaps is behind 4 GiB.
    run("qemu-img", "create", "-f", "vhdx", "-o", "block_size=256M", image, "5G")
    writes = [f"write -P {number} {place}M 64k" for number, place in ((7, 4100), (8, 3), (9, 4090))]
    run("qemu-io", "-f", "vhdx", *(word for text in writes for word in ("-c", text)), image)

    with open_container(image) as container:
        assert container.pread(4100 * MIB, 65537) == b"\7" * 65536 + b"\0"
        assert container.pread(4090 * MIB, 65537) == b"\11" * 65536 + b"\0"
        assert container.pread(3 * MIB - 1, 65537) == b"\0" + b"\10" * 65536
        assert container.extents().bytes_of(Kind.DATA) == 3 * 256 * MIB


def test_sectors_of_4096_bytes(tmp_path: Path) -> None:
    image = convert(tmp_path)
    patch(image, item(image, LOGICAL), struct.pack("<I", 4096))

    with open_container(image) as container:
        assert ("sector size", "4096") in container.details()
        assert container.pread(0, 4 * MIB) == (tmp_path / "disk").read_bytes()


@pytest.mark.parametrize("state", [0, 1, 2, 3])
def test_blocks_without_data_are_zeros(tmp_path: Path, state: int) -> None:
    image = convert(tmp_path)
    # What stands beside the state counts for nothing then.
    patch(image, region(image, BAT), struct.pack("<Q", (99 << 20) | state))

    with open_container(image) as container:
        expected = Kind.ZERO if state else Kind.HOLE
        assert next(iter(container.extents())).kind is expected
        assert container.pread(0, MIB) == bytes(MIB)


def test_the_header_written_later_counts(tmp_path: Path) -> None:
    image = convert(tmp_path)
    sealed_patch(image, HEADERS[:1], 4096, 8, struct.pack("<Q", 1 << 40))
    sealed_patch(image, HEADERS[1:], 4096, 66, struct.pack("<H", 9))

    with open_container(image) as container:
        assert container.virtual_size == 4 * MIB
    sealed_patch(image, HEADERS[1:], 4096, 8, struct.pack("<Q", 1 << 41))
    assert "version 9" in refusal(image).message


def test_two_headers_of_one_sequence_number_have_to_be_the_same(tmp_path: Path) -> None:
    image = convert(tmp_path)
    patch(image, HEADERS[1], image.read_bytes()[HEADERS[0] : HEADERS[0] + 4096])

    with open_container(image) as container:
        assert container.virtual_size == 4 * MIB
    sealed_patch(image, HEADERS[1:], 4096, 16, b"another writer")
    assert "one sequence number" in refusal(image).message


@pytest.mark.parametrize("places", [HEADERS, TABLES])
def test_one_copy_is_enough_and_none_is_not(tmp_path: Path, places: tuple[int, int]) -> None:
    image = convert(tmp_path)
    expected = (tmp_path / "disk").read_bytes()

    patch(image, places[0] + 20, b"broken")
    with open_container(image) as container:
        assert container.pread(0, 4 * MIB) == expected
    patch(image, places[1] + 20, b"broken")
    assert "neither of its two" in refusal(image).message


def test_a_log_to_replay_that_holds_nothing_is_corrupt(tmp_path: Path) -> None:
    image = convert(tmp_path)
    sealed_patch(image, HEADERS, 4096, 48, b"dirty log, by id")

    error = refusal(image)

    assert (error.code, "no valid entries" in error.message) == ("image-corrupt", True)


@pytest.mark.parametrize(
    ("offset", "value", "code", "words"),
    [
        (68, struct.pack("<I", 5), "image-corrupt", "aligned"),
        (72, struct.pack("<Q", 1 << 60), "image-truncated", "region"),
        (72, struct.pack("<Q", 0), "image-corrupt", "in one place"),
        (72, b"\xff" * 8, "image-corrupt", "aligned"),
    ],
)
def test_headers_that_lie(tmp_path: Path, offset: int, value: bytes, code: str, words: str) -> None:
    image = convert(tmp_path)
    sealed_patch(image, HEADERS, 4096, offset, value)

    error = refusal(image)

    assert (error.code, words in error.message) == (code, True), error.message


@pytest.mark.parametrize(
    ("offset", "value", "code", "words"),
    [
        (8, struct.pack("<I", 1 << 20), "image-corrupt", "entries"),
        (8, struct.pack("<I", 1), "image-corrupt", "names no"),
        (8, struct.pack("<I", 0), "image-corrupt", "names no"),
        (16, struct.pack("<16xQII", MIB, MIB, 1), "image-format-unsupported", "a region"),
        (32, struct.pack("<Q", 1), "image-corrupt", "aligned"),
        (32, struct.pack("<Q", 1 << 63), "image-truncated", "region"),
        (40, struct.pack("<I", 0), "image-corrupt", ""),
    ],
)
def test_region_tables_that_lie(
    tmp_path: Path, offset: int, value: bytes, code: str, words: str
) -> None:
    image = convert(tmp_path)
    sealed_patch(image, TABLES, 65536, offset, value)

    error = refusal(image)

    assert (error.code, words in error.message) == (code, True), error.message
    assert error.hint


@pytest.mark.parametrize(
    ("name", "value", "code", "words"),
    [
        (PARAMETERS, struct.pack("<I", 3 * MIB), "image-corrupt", "blocks would"),
        (PARAMETERS, struct.pack("<I", 512 * MIB), "image-corrupt", "blocks would"),
        (PARAMETERS, struct.pack("<II", MIB, 2), "image-corrupt", "missing"),
        (SIZE, struct.pack("<Q", 0), "image-corrupt", "0 bytes"),
        (SIZE, struct.pack("<Q", 513), "image-corrupt", "513 bytes"),
        (SIZE, struct.pack("<Q", 1 << 63), "image-too-large", ""),
        (SIZE, struct.pack("<Q", 1 << 40), "image-corrupt", "entries instead"),
        (LOGICAL, struct.pack("<I", 1024), "image-corrupt", "sectors would"),
    ],
)
def test_metadata_that_lies(tmp_path: Path, name: int, value: bytes, code: str, words: str) -> None:
    image = convert(tmp_path)
    patch(image, item(image, name), value)

    error = refusal(image)

    assert (error.code, words in error.message) == (code, True), error.message
    assert error.hint


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [
        (6, "image-corrupt", "in one place"),
        (7, "image-corrupt", "no state"),
        (4, "image-corrupt", "no state"),
        ((1 << 62) | 6, "image-corrupt", "impossible"),
        ((1 << 63) | 6, "image-corrupt", "impossible"),
        ((1 << 50) | 6, "image-truncated", "data"),
    ],
)
def test_tables_that_lie(tmp_path: Path, entry: int, code: str, words: str) -> None:
    image = convert(tmp_path)
    patch(image, region(image, BAT), struct.pack("<Q", entry))

    error = refusal(image)

    assert (error.code, words in error.message) == (code, True), error.message
    assert error.hint


def test_two_blocks_in_one_place_are_refused(tmp_path: Path) -> None:
    image = convert(tmp_path)
    at = region(image, BAT)
    patch(image, at + 8, image.read_bytes()[at : at + 8])

    assert "in one place" in refusal(image).message


def test_a_file_cut_short_is_said(tmp_path: Path) -> None:
    image = convert(tmp_path)
    image.write_bytes(image.read_bytes()[: -MIB - 5])

    assert refusal(image).code == "image-truncated"


def test_a_qcow2_over_a_vhdx(tmp_path: Path) -> None:
    base, image = convert(tmp_path), tmp_path / "top"
    run("qemu-img", "create", "-f", "qcow2", "-F", "vhdx", "-b", base.name, image)

    with open_container(image, allow_backing=True) as container:
        assert container.pread(0, 4 * MIB) == (tmp_path / "disk").read_bytes()
