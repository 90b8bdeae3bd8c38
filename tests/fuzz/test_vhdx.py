"""Tens of thousands of broken VHDX headers, region tables, metadata and block tables."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given

from bootworthy.disk.container import open_container
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, run, sparse
from tests.fuzz.bulk import BULK, CASES, SEEDS, mutants
from tests.fuzz.hostile import only_image_errors

# Places and sizes of the headers and region tables: [MS-VHDX] 2.2.
SEALED = ((64 << 10, 4096), (128 << 10, 4096), (192 << 10, 65536), (256 << 10, 65536))
# The parts that say something, cut out of the file and put one after another.
PART = 512


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VHDX of four blocks, one of them a hole."""
    folder = tmp_path_factory.mktemp("vhdx")
    disk = sparse(folder / "disk", 4 * MIB)
    for place in (0, MIB + 70_000, 3 * MIB):
        patch(disk, place, b"some text %d\n" % place * 60)
    options = "block_size=1M,log_size=1M"
    run("qemu-img", "convert", "-f", "raw", "-O", "vhdx", "-o", options, disk, folder / "image")
    return folder / "image"


class Parts:
    """An image whose tables are changed in place and put back, since the rest is large."""

    def __init__(self, path: Path) -> None:
        self.path = path
        whole = path.read_bytes()
        regions = [struct.unpack_from("<Q", whole, (192 << 10) + 32 + 32 * n)[0] for n in (0, 1)]
        tables = [place for place, _ in SEALED]
        self.places = [*tables, *regions, *(place + (64 << 10) for place in regions)]
        self.original = b"".join(whole[place : place + PART] for place in self.places)

    def write(self, data: bytes, *, mend: bool) -> None:
        """Put parts into the file; with checksums that fit when ``mend``."""
        with self.path.open("r+b") as file:
            for number, place in enumerate(self.places):
                part = data[number * PART : (number + 1) * PART]
                if mend and number < len(SEALED):
                    part = _mended(part, SEALED[number][1])
                os.pwrite(file.fileno(), part, place)


def _mended(part: bytes, size: int) -> bytes:
    """The start of a structure of ``size`` bytes, zeros behind it, with its checksum."""
    plain = part[:4] + bytes(4) + part[8:]
    return part[:4] + struct.pack("<I", google_crc32c.value(plain.ljust(size, b"\0"))) + part[8:]


def read_all(path: Path) -> bool:
    """Whether the image is read; only an ImageError may keep it from that."""
    try:
        with open_container(path, force_format="vhdx") as container:
            container.info()
            for offset in (0, MIB + 70_000, container.virtual_size - 5000):
                container.pread(max(offset, 0), 5000)
    except ImageError:
        return False
    return True


def regions_of(parts: Parts) -> list[tuple[int, int]]:
    """Where mutations count: 112 bytes of headers and of tables, all of the rest."""
    return [
        (n * PART, n * PART + (112 if n < len(SEALED) else PART)) for n in range(len(parts.places))
    ]


@BULK
@given(seed=SEEDS)
def test_everything(image: Path, seed: int) -> None:
    parts = Parts(image)
    read = 0
    try:
        for number, data in enumerate(mutants(seed, parts.original, *regions_of(parts))):
            parts.write(bytes(data), mend=number % 8 != 0)
            read += read_all(image)
    finally:
        parts.write(parts.original, mend=False)

    assert read < CASES


def test_a_few_in_modest_memory(image: Path) -> None:
    parts = Parts(image)
    try:
        for data in mutants(1, parts.original, *regions_of(parts)):
            parts.write(bytes(data), mend=True)
            only_image_errors(lambda: read_all(image))
    finally:
        parts.write(parts.original, mend=False)


def test_the_image_itself_is_read_with_its_checksums_made_again(image: Path) -> None:
    parts = Parts(image)
    parts.write(parts.original, mend=True)

    assert read_all(image)
