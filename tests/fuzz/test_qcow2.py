"""qcow2 files with headers and tables of a stranger's making."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given

from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from tests.disk.making import MIB, opened, patch, run, sparse
from tests.fuzz.hostile import BOUNDED, Patch, only_image_errors, patched, patches

# Copied when no larger than this: a hostile header may claim terabytes of holes.
_COPIED = 64 * MIB

VARIANTS = (
    ("cluster_size=4k", ()),
    ("compat=0.10,cluster_size=64k", ()),
    ("cluster_size=512", ()),
    ("cluster_size=16k,extended_l2=on", ()),
    ("cluster_size=4k,compression_type=zlib", ("-c",)),
    ("cluster_size=4k,compression_type=zstd", ("-c",)),
)


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant[0])
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small image of each variant."""
    options, flags = request.param
    directory = tmp_path_factory.mktemp("fuzz")
    disk = sparse(directory / "disk", 600_000)
    for place in (0, 70_000, 300_000, 599_000):
        patch(disk, place, b"some text %d\n" % place * 60)
    target = directory / "image"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *flags, "-o", options, disk, target)
    return target


def read_all(path: Path) -> None:
    """Do with an image what the product does."""
    with open_container(path, allow_backing=True, force_format="qcow2") as container:
        container.info()
        for offset in (0, 70_000, 300_000, container.virtual_size - 5000):
            container.pread(max(offset, 0), 5000)
        if container.virtual_size <= _COPIED:
            with opened(path.with_name("copy")) as fd:
                copy_disk(container, fd)


@BOUNDED
@given(changes=patches((0, 160), (8, 48), (72, 112)))
def test_headers(tmp_path: Path, image: Path, changes: list[Patch]) -> None:
    sparse(tmp_path / "copy", 0)
    (tmp_path / "image").write_bytes(patched(image.read_bytes(), changes))

    only_image_errors(lambda: read_all(tmp_path / "image"))


def _tables(image: bytes) -> tuple[int, int]:
    (l1,) = struct.unpack_from(">Q", image, 40)
    entries = struct.unpack_from(">8Q", image, l1)
    return l1, next(entry for entry in entries if entry) & 0x00FF_FFFF_FFFF_FE00


@BOUNDED
@given(changes=patches((0, 16), (1000, 1160), aligned=8))
def test_tables(tmp_path: Path, image: Path, changes: list[Patch]) -> None:
    # Places below 1000 are counted from the L1 table, those above from the first L2 table.
    data = image.read_bytes()
    l1, l2 = _tables(data)
    placed = [(l1 + at if at < 1000 else l2 + at - 1000, value) for at, value in changes]
    sparse(tmp_path / "copy", 0)
    (tmp_path / "image").write_bytes(patched(data, placed))

    only_image_errors(lambda: read_all(tmp_path / "image"))


@BOUNDED
@given(changes=patches((0, 1 << 16)))
def test_anything(tmp_path: Path, image: Path, changes: list[Patch]) -> None:
    sparse(tmp_path / "copy", 0)
    (tmp_path / "image").write_bytes(patched(image.read_bytes(), changes))

    only_image_errors(lambda: read_all(tmp_path / "image"))


def test_the_image_itself_is_read(tmp_path: Path, image: Path) -> None:
    sparse(tmp_path / "copy", 0)
    (tmp_path / "image").write_bytes(image.read_bytes())

    assert only_image_errors(lambda: read_all(tmp_path / "image"))
    assert (tmp_path / "copy").read_bytes()[70_000:70_015] == b"some text 70000"
