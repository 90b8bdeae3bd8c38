from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import MakeFixedVhd
from bootworthy.rules.container.footer_wrong import check
from tests.disk.making import MIB, patch
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import findings, subject

SIZE = 25 * MIB


@pytest.fixture
def vhd(tmp_path: Path) -> Path:
    """A VHD of one's own."""
    return disks.vhd(tmp_path / "disk.vhd")


def spoil(path: Path, offset: int, data: bytes, *, checksum: bool = True) -> None:
    """Write into the footer, and mend its checksum unless told not to."""
    whole = bytearray(path.read_bytes()[-512:])
    whole[offset : offset + len(data)] = data
    if checksum:
        whole[64:68] = footer.checksum_of(bytes(whole)).to_bytes(4, "big")
    patch(path, path.stat().st_size - 512, bytes(whole))


def look(path: Path, opened: OpenImage) -> tuple[Finding, ...]:
    return findings(check, subject(image=opened(path)))


def test_a_right_footer_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_a_wrong_checksum(vhd: Path, opened: OpenImage) -> None:
    spoil(vhd, 64, b"\0\0\0\0", checksum=False)

    (found,) = look(vhd, opened)

    assert found.severity is Severity.ERROR
    assert found.message == "the VHD footer is wrong: the checksum of the VHD footer is wrong"
    assert found.place.within == f"offset {SIZE}"
    assert found.fix is not None
    assert found.fix.steps == (MakeFixedVhd(size=SIZE),)


@pytest.mark.parametrize(
    ("offset", "data", "word"),
    [
        (8, b"\0\0\0\0", "features"),
        (12, b"\0\2\0\0", "file format version"),
        (16, bytes(8), "data offset"),
        (84, b"\1", "saved state"),
    ],
)
def test_a_wrong_field(vhd: Path, opened: OpenImage, offset: int, data: bytes, word: str) -> None:
    spoil(vhd, offset, data)

    (found,) = look(vhd, opened)

    assert word in found.found


def test_a_size_that_is_not_the_files(vhd: Path, opened: OpenImage) -> None:
    spoil(vhd, 48, (SIZE - MIB).to_bytes(8, "big"))

    (found,) = look(vhd, opened)

    assert found.found == f"the VHD footer says {SIZE - MIB} bytes, the file holds {SIZE}"
    assert found.fix is not None


def test_other_containers_have_no_footer(tmp_path: Path, opened: OpenImage) -> None:
    assert look(disks.disk(tmp_path / "disk"), opened) == ()


def test_the_geometry_is_another_rule(vhd: Path, opened: OpenImage) -> None:
    spoil(vhd, 28, b"qemu")
    assert look(vhd, opened) == ()
