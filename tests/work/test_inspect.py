"""What inspect says of every sort of file that tools leave behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bootworthy.disk.sizes import GIB
from bootworthy.model.errors import ImageError
from bootworthy.model.image import TableKind
from bootworthy.work import edits
from bootworthy.work.convert import convert
from bootworthy.work.in_place import convert_in_place
from bootworthy.work.inspect import inspect_image
from tests.disk.making import MIB, needs, patch, run, sparse
from tests.work import test_in_place
from tests.work.disks import (
    ALIGNED,
    after_footer,
    converted_twice,
    geometry_rounded,
    make_disk,
    spoil_footer,
    vhd,
)

pytestmark = needs("qemu-img", "sfdisk")

Make = Callable[[Path], None]


def codes(path: Path) -> set[str]:
    return {obstacle.code for obstacle in inspect_image(path, guest=False).obstacles}


def test_a_vhd_without_a_fault_is_accepted(tmp_path: Path) -> None:
    vhd(tmp_path / "disk.vhd")

    found = inspect_image(tmp_path / "disk.vhd", guest=False)

    assert found.accepted
    assert found.image.container.format == "vhd"
    assert found.image.container.virtual_size == ALIGNED
    assert found.image.table is TableKind.GPT
    assert [part.number for part in found.image.partitions] == [1]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (make_disk, {"not-vhd", "size-not-mib-aligned"}),
        (test_in_place.unaligned_vhd, {"size-not-mib-aligned"}),
        (geometry_rounded, {"size-not-mib-aligned"}),
        (test_in_place.wrong_checksum, {"footer-checksum"}),
        (test_in_place.wrong_fields, {"footer-field"}),
        (test_in_place.wrong_size, {"footer-size"}),
        (after_footer, {"bytes-after-footer"}),
        (converted_twice, {"footer-inside"}),
    ],
)
def test_each_fault_is_named_and_repaired(tmp_path: Path, make: Make, expected: set[str]) -> None:
    path = tmp_path / "disk.vhd"
    make(path)

    found = inspect_image(path, guest=False)

    assert {obstacle.code for obstacle in found.obstacles} == expected
    assert all("convert --in-place" in obstacle.repair for obstacle in found.obstacles)

    convert_in_place(path)

    assert codes(path) == set()


def test_a_rounded_size_names_qemu(tmp_path: Path) -> None:
    geometry_rounded(tmp_path / "disk.vhd")

    (obstacle,) = inspect_image(tmp_path / "disk.vhd", guest=False).obstacles

    assert "force_size" in obstacle.text


def test_a_geometry_that_means_another_size(tmp_path: Path) -> None:
    vhd(tmp_path / "disk.vhd")
    spoil_footer(tmp_path / "disk.vhd", 28, b"vpc ")

    assert codes(tmp_path / "disk.vhd") == {"footer-geometry-size"}


def test_another_format_is_converted(tmp_path: Path) -> None:
    make_disk(tmp_path / "raw", ALIGNED)
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", tmp_path / "raw", tmp_path / "a b.qcow2")

    (obstacle,) = inspect_image(tmp_path / "a b.qcow2", guest=False).obstacles

    assert obstacle.code == "not-vhd"
    assert obstacle.repair == f"bootworthy convert '{tmp_path / 'a b.qcow2'}' -o 'a b.vhd'"


@pytest.mark.parametrize(
    ("size", "expected"),
    [(MIB, "size-under-limit"), (4096 * GIB, "size-over-limit"), (3000 * GIB, "size-over-limit")],
)
def test_limits(tmp_path: Path, size: int, expected: str) -> None:
    path = sparse(tmp_path / "disk.raw", size)
    patch(path, 446, b"\0\0\0\0\x83\0\0\0\1\0\0\0\2\0\0\0")
    patch(path, 510, b"\x55\xaa")

    assert expected in codes(path)


def test_an_unfinished_edit_is_told(tmp_path: Path) -> None:
    vhd(tmp_path / "disk.vhd")
    edits.journal_of(tmp_path / "disk.vhd").write_text("{}")

    assert codes(tmp_path / "disk.vhd") == {"edit-unfinished"}


def test_without_linux_there_is_a_note(tmp_path: Path) -> None:
    pytest.importorskip("dissect.volume")
    vhd(tmp_path / "disk.vhd")

    found = inspect_image(tmp_path / "disk.vhd")

    assert found.guest is None
    assert any("no Linux" in note for note in found.notes)


def test_what_is_no_image_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear disk,\n" * 500)

    with pytest.raises(ImageError) as caught:
        inspect_image(tmp_path / "letter")

    assert caught.value.code == "image-not-a-disk"


@pytest.mark.guest
def test_the_linux_inside_is_shown(bios_guest: Path, tmp_path: Path) -> None:
    pytest.importorskip("dissect.volume")
    convert(bios_guest, tmp_path / "guest.vhd")

    found = inspect_image(tmp_path / "guest.vhd")

    assert found.accepted
    assert found.guest is not None
    assert found.guest.distribution == "debian"
    assert found.guest.kernels
    assert found.image.generations == (1,)
