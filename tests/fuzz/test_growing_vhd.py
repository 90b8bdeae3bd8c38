"""Growing VHDs with headers, tables and bitmaps of a stranger's making."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from bootworthy.disk.container import open_container
from tests.disk.vhds import SECTOR, Vhd, checksum, marked
from tests.fuzz.hostile import BOUNDED, Patch, only_image_errors, patched, patches

# A case takes about two milliseconds: many more than of the others in the same time.
MANY = settings(BOUNDED, max_examples=BOUNDED.max_examples * 50)

BASE = Vhd(size=64 * SECTOR, sectors=marked("base", *range(0, 64, 5)))
CHILD = BASE.over("base.vhd", sectors=marked("child", 3, 4, 5, 40))
# Footer, header, the table behind them, the parent locator and the first bitmap.
FOOTER, HEADER, TABLE, BLOCKS = (0, 88), (512, 1280), (1536, 1568), (2048, 3072)


@pytest.fixture(scope="module", params=[BASE, CHILD], ids=["dynamic", "differencing"])
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of each kind, with its parent beside."""
    directory = tmp_path_factory.mktemp("vhd")
    BASE.write(directory / "base.vhd")
    vhd: Vhd = request.param
    return vhd.write(directory / "image")


def read_all(path: Path) -> None:
    """Do with an image what the product does."""
    with open_container(path, allow_backing=True, force_format="vhd") as container:
        container.info()
        for offset in (0, 20_000, container.virtual_size - 600):
            container.pread(max(offset, 0), 600)


def sealed(data: bytes, changes: list[Patch]) -> bytes:
    """``data`` with changes and with checksums that fit them, so that the changes count."""
    changed = patched(data, changes)
    start = checksum(changed[:512], 64)
    return start + checksum(changed[512:1536], 36) + changed[1536:-512] + start


@MANY
@given(changes=patches(FOOTER, HEADER, TABLE, BLOCKS))
def test_what_the_checksums_cover(image: Path, changes: list[Patch]) -> None:
    target = image.with_name("mutant")
    target.write_bytes(sealed(image.read_bytes(), changes))

    only_image_errors(lambda: read_all(target))


@MANY
@given(changes=patches((0, 4096)))
def test_anything(image: Path, changes: list[Patch]) -> None:
    target = image.with_name("mutant")
    target.write_bytes(patched(image.read_bytes(), changes))

    only_image_errors(lambda: read_all(target))


def test_the_image_itself_is_read(image: Path) -> None:
    target = image.with_name("mutant")
    target.write_bytes(sealed(image.read_bytes(), []))

    assert only_image_errors(lambda: read_all(target))
