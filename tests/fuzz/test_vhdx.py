"""Tens of thousands of broken VHDX headers, region tables, metadata, block tables and logs."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from bootworthy.disk.container import open_container
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, run, sparse
from tests.disk.vhdxs import LOG_AT, PAGE, Change, Entry, Vhdx, changes, dirty, marked, ring
from tests.fuzz.bulk import BULK, CASES, SEEDS, mutants
from tests.fuzz.hostile import only_image_errors
from tests.fuzz.vhdx_seals import SEALED, pack, seal, seal_log, unpack

# The parts that say something, cut out of the file and put one after another.
PART = 512
REGIONS_END = LOG_AT + 3 * MIB

# Half as many of each: there are three sorts of images.
MANY = settings(BULK, max_examples=BULK.max_examples // 2)

BASE = Vhdx(size=4 * MIB, sectors=marked("base", (0, 9, 2048, 8000)))


class Parts:
    """An image whose tables are changed in place and put back, since the rest is large.

    ``places`` are those of the parts, the first of them the ``sealed`` ones; ``log`` is how long
    the log is that has to be sealed too.
    """

    def __init__(self, path: Path, places: list[int], *, sealed: int, log: int = 0) -> None:
        self.path = path
        self.places = places
        self._sealed = sealed
        self._log = log
        whole = path.read_bytes()
        self.original = b"".join(whole[place : place + PART] for place in places)

    def write(self, data: bytes, *, mend: bool) -> None:
        """Put parts into the file; with checksums that fit when ``mend``."""
        with self.path.open("r+b") as file:
            for number, place in enumerate(self.places):
                part = data[number * PART : (number + 1) * PART]
                if mend and number < self._sealed:
                    part = _mended(part, SEALED[number][1])
                os.pwrite(file.fileno(), part, place)
            if mend and self._log:
                log = bytearray(os.pread(file.fileno(), self._log, LOG_AT))
                seal_log(log, 0, len(log))
                os.pwrite(file.fileno(), log, LOG_AT)

    def mutable(self) -> Iterator[tuple[int, int]]:
        """Where mutations count: 112 bytes of headers and of tables, all of the rest."""
        for number in range(len(self.places)):
            yield number * PART, number * PART + (112 if number < self._sealed else PART)


def _mended(part: bytes, size: int) -> bytes:
    """The start of a structure of ``size`` bytes, zeros behind it, with its checksum."""
    whole = bytearray(part.ljust(size, b"\0"))
    seal(whole, 0, size)
    return bytes(whole[:PART])


def plain(folder: Path) -> Parts:
    """A VHDX of four blocks, one of them a hole, made by qemu-img."""
    disk, image = sparse(folder / "disk", 4 * MIB), folder / "image"
    for place in (0, MIB + 70_000, 3 * MIB):
        patch(disk, place, b"some text %d\n" % place * 60)
    options = "block_size=1M,log_size=1M"
    run("qemu-img", "convert", "-f", "raw", "-O", "vhdx", "-o", options, disk, image)
    whole = image.read_bytes()
    regions = [struct.unpack_from("<Q", whole, (192 << 10) + 32 + 32 * n)[0] for n in (0, 1)]
    tables = [place for place, _ in SEALED]
    return Parts(image, [*tables, *regions, *(at + (64 << 10) for at in regions)], sealed=4)


def unclosed(folder: Path) -> Parts:
    """A VHDX whose metadata, block table and some data are in its log only."""
    final = BASE.build()
    blank = final[: LOG_AT + MIB] + bytes(2 * MIB) + final[REGIONS_END:]
    changed = [*changes(blank, final), (len(final) - MIB, b"page" * 1024), (len(final), 3 * PAGE)]
    written: list[Change] = [*changed[-2:], *changed[:-2]]
    entries = Entry(sequence=4).build() + Entry(sequence=5, changes=written).build()
    image = folder / "image"
    image.write_bytes(dirty(BASE, ring((0, entries)))[: LOG_AT + MIB] + blank[LOG_AT + MIB :])
    places = [place for place, _ in SEALED[:2]]
    places += range(LOG_AT, LOG_AT + len(entries), PAGE)
    return Parts(image, places, sealed=2, log=len(entries))


def differencing(folder: Path) -> Parts:
    """A VHDX over another, with some sectors of its own."""
    BASE.write(folder / "base.vhdx")
    child = BASE.over("base.vhdx", sectors=marked("child", (1, 8, 9, 4096)))
    image = child.write(folder / "image")
    metadata, table = LOG_AT + MIB, LOG_AT + 2 * MIB
    places = [*(place for place, _ in SEALED), metadata, metadata + (64 << 10), table]
    places += [table + 4096 * 8, image.stat().st_size - MIB]
    return Parts(image, places, sealed=4)


@pytest.fixture(scope="module", params=[plain, unclosed, differencing])
def parts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """An image of each sort."""
    make: Callable[[Path], Parts] = request.param
    return make(tmp_path_factory.mktemp("vhdx"))


def read_all(path: Path) -> bool:
    """Whether the image is read; only an ImageError may keep it from that."""
    try:
        with open_container(path, force_format="vhdx", allow_backing=True) as container:
            container.info()
            for offset in (0, MIB + 70_000, container.virtual_size - 5000):
                container.pread(max(offset, 0), 5000)
    except ImageError:
        return False
    return True


@MANY
@given(seed=SEEDS)
def test_everything(parts: Parts, seed: int) -> None:
    read = 0
    try:
        for number, data in enumerate(mutants(seed, parts.original, *parts.mutable())):
            parts.write(bytes(data), mend=number % 8 != 0)
            read += read_all(parts.path)
    finally:
        parts.write(parts.original, mend=False)

    assert read < CASES


def test_a_few_in_modest_memory(parts: Parts) -> None:
    try:
        for data in mutants(1, parts.original, *parts.mutable()):
            parts.write(bytes(data), mend=True)
            only_image_errors(lambda: read_all(parts.path))
    finally:
        parts.write(parts.original, mend=False)


def test_the_image_itself_is_read_with_its_checksums_made_again(parts: Parts) -> None:
    parts.write(parts.original, mend=True)

    assert read_all(parts.path)


def test_the_short_form_is_the_file(parts: Parts) -> None:
    whole = parts.path.read_bytes()

    assert unpack(pack(whole)) == whole
    assert unpack(pack(whole) + b"\1\0\1") == whole[:PAGE] + b"\1" + whole[PAGE + 1 :]
