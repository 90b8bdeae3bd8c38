"""VHDs of a stranger's making: read, inspected, repaired in place and brought back."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.disk import footer
from bootworthy.disk.anatomy import examine
from bootworthy.disk.container import open_container
from bootworthy.disk.extents import ExtentMap, no_rows
from bootworthy.disk.image import Image
from bootworthy.disk.writers.vhd_dynamic import DynamicVhdWriter
from bootworthy.disk.writers.writer import Occupied
from bootworthy.model.errors import UsageError
from bootworthy.work.acceptance import obstacles
from bootworthy.work.in_place import convert_in_place, undo
from tests.disk.making import MIB, patch, run, sparse
from tests.fuzz.hostile import BOUNDED, Patch, only_image_errors, patched, patches

SIZE = MIB


@pytest.fixture(scope="module")
def vhd(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small fixed VHD with a GPT."""
    disk = sparse(tmp_path_factory.mktemp("fuzz") / "disk", SIZE)
    run("sfdisk", "-q", "--no-reread", disk, typed="label: gpt\nstart=64, size=64\n")
    patch(disk, 64 * 512, b"some text " * 1000)
    return disk.read_bytes() + footer.build(SIZE)


def use(path: Path) -> None:
    """Do with a VHD what the product does without changing it."""
    with open_container(path) as container:
        image = Image(container)
        image.info()
        examine(container.file)
        obstacles(image)
        container.pread(0, 4096)
        container.pread(max(container.virtual_size - 4096, 0), 4096)


def mended(data: bytes, place: int) -> bytes:
    """``data`` with a right checksum in the footer at ``place``."""
    whole = bytearray(data[place : place + 512])
    if len(whole) == 512:
        whole[64:68] = struct.pack(">I", footer.checksum_of(bytes(whole)))
    return data[:place] + bytes(whole) + data[place + 512 :]


@BOUNDED
@given(changes=patches((SIZE, SIZE + 88)), checksum=st.booleans())
def test_footers(tmp_path: Path, vhd: bytes, changes: list[Patch], checksum: bool) -> None:
    data = patched(vhd, changes)
    (tmp_path / "disk").write_bytes(mended(data, SIZE) if checksum else data)

    only_image_errors(lambda: use(tmp_path / "disk"))


@BOUNDED
@given(
    changes=patches((SIZE, SIZE + 88), (SIZE - 4096, SIZE)),
    copies=st.lists(st.integers(0, SIZE), max_size=3),
    tail=st.binary(max_size=1500),
)
def test_footers_in_odd_places(
    tmp_path: Path, vhd: bytes, changes: list[Patch], copies: list[int], tail: bytes
) -> None:
    data = bytearray(patched(vhd, changes) + tail)
    for place in copies:
        data[place : place + 512] = footer.build(max(place // 512 * 512, 512))
    (tmp_path / "disk").write_bytes(data)

    only_image_errors(lambda: use(tmp_path / "disk"))


@BOUNDED
@given(
    changes=patches((SIZE, SIZE + 88), (SIZE - 1024, SIZE), (446, 1536)),
    checksum=st.booleans(),
    tail=st.binary(max_size=1000),
)
def test_a_repair_leaves_the_data_and_can_be_taken_back(
    tmp_path: Path, vhd: bytes, changes: list[Patch], checksum: bool, tail: bytes
) -> None:
    path = tmp_path / "disk"
    data = patched(vhd, changes)
    data = (mended(data, SIZE) if checksum else data) + tail
    for leftover in tmp_path.iterdir():
        leftover.unlink()
    path.write_bytes(data)

    if not only_image_errors(lambda: _repair(path)):
        assert path.read_bytes() == data
        return

    found = path.read_bytes()
    if found != data:
        assert footer.problems_of(footer.parse(found[-512:]), len(found)) == ()
        assert found[64 * 512 : 128 * 512] == data[64 * 512 : 128 * 512]
        undo(path)
        assert path.read_bytes() == data


def _repair(path: Path) -> None:
    # A footer that says dynamic, or another format's magic, is refused by a UsageError.
    with contextlib.suppress(UsageError):
        convert_in_place(path)


RUNS = st.lists(st.tuples(st.integers(0, 40 * MIB), st.integers(1, 5 * MIB)), max_size=8)


@BOUNDED
@given(runs=RUNS)
def test_places_in_a_dynamic_vhd_never_overlap(runs: list[tuple[int, int]]) -> None:
    size = 48 * MIB
    taken = [(start, b"x" * 1) for start, _ in runs] + [(start + n - 1, b"x") for start, n in runs]
    inside = [(start, bytes(length)) for start, length in runs]
    writer = DynamicVhdWriter(size, Occupied.of(_nothing(size), inside))
    places: dict[int, int] = {}
    for guest, data in taken:
        for target, _ in writer.place(guest, len(data)):
            assert target is not None
            assert places.setdefault(target, guest) == guest
            assert target >= 4096
    assert len(places) == len({guest for guest, _ in taken})


def _nothing(size: int) -> ExtentMap:
    return ExtentMap(size, no_rows())
