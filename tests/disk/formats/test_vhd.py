"""Fixed VHDs; those that grow are in test_growing_vhd.py."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.formats.vhd import FixedVhd
from bootworthy.disk.problem import ProblemKind
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, patterned, run, sparse


def make_vhd(path: Path, size: int = 4 * MIB) -> bytes:
    """A fixed VHD with a patterned disk; the disk's bytes."""
    disk = patterned(path, size)
    with path.open("ab") as file:
        file.write(footer.build(size))
    return disk


def opened_vhd(path: Path) -> FixedVhd:
    """The container, which has to be a fixed VHD."""
    container = open_container(path)
    assert isinstance(container, FixedVhd)
    return container


def test_the_disk_ends_before_the_footer(tmp_path: Path) -> None:
    disk = make_vhd(tmp_path / "disk")

    with opened_vhd(tmp_path / "disk") as container:
        assert container.format == "vhd"
        assert container.virtual_size == 4 * MIB
        assert container.file_size == 4 * MIB + 512
        assert container.pread(0, 5 * MIB) == disk
        assert container.extents().size == 4 * MIB
        assert container.notes == ()
        assert dict(container.info().details)["creator"] == "win"


@pytest.mark.parametrize("options", ["subformat=fixed", "subformat=fixed,force_size"])
def test_reads_what_qemu_img_writes(tmp_path: Path, options: str) -> None:
    disk = patterned(tmp_path / "disk", 3 * MIB)
    image = tmp_path / "disk.vhd"
    run("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", options, tmp_path / "disk", image)

    with opened_vhd(image) as container:
        assert container.virtual_size == image.stat().st_size - 512
        assert container.pread(0, 3 * MIB) == disk


def test_a_guest_cannot_make_its_vhd_another_format(tmp_path: Path) -> None:
    path = tmp_path / "disk.vhd"
    make_vhd(path)
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    overlay = tmp_path / "overlay"
    run("qemu-img", "create", "-f", "qcow2", "-u", "-b", secret, "-F", "raw", overlay, "4M")
    patch(path, 0, overlay.read_bytes()[:65536])

    with opened_vhd(path) as container:
        assert container.pread(0, 4) == b"QFI\xfb"


def test_a_geometry_smaller_than_the_file_cuts_the_disk_and_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "disk.vhd"
    make_vhd(path)
    raw = path.read_bytes()[-512:]
    raw = raw[:28] + b"vpc " + raw[32:]
    raw = raw[:64] + struct.pack(">I", footer.checksum_of(raw)) + raw[68:]
    patch(path, 4 * MIB, raw)

    with opened_vhd(path) as container:
        assert container.virtual_size == 120 * 4 * 17 * 512
        assert [problem.kind for problem in container.footer_problems] == [
            ProblemKind.FOOTER_GEOMETRY
        ]
        assert container.notes == (
            "the geometry in the VHD footer means 4177920 bytes, not 4194304",
        )


def test_a_damaged_footer_is_still_a_vhd(tmp_path: Path) -> None:
    path = tmp_path / "disk.vhd"
    make_vhd(path)
    patch(path, 4 * MIB + 64, b"\0\0\0\0")

    with opened_vhd(path) as container:
        assert [problem.kind for problem in container.footer_problems] == [
            ProblemKind.FOOTER_CHECKSUM
        ]


def test_a_footer_inside_a_qcow2_does_not_make_it_a_vhd(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    patterned(disk, MIB)
    image = tmp_path / "disk.qcow2"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, image)
    with image.open("ab") as file:
        file.write(bytes(65536 - 512) + footer.build(MIB))

    with open_container(image) as container:
        assert container.format == "qcow2"


def test_a_vhd_without_its_end_is_truncated(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk.vhd", 2 * MIB)
    with path.open("ab") as file:
        file.write(footer.build(4 * MIB))

    with pytest.raises(ImageError) as caught:
        open_container(path)

    assert caught.value.code == "image-truncated"


def test_a_vhd_of_an_unknown_type_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "disk.vhd"
    make_vhd(path)
    patch(path, 4 * MIB + 60, b"\0\0\0\7")

    with pytest.raises(ImageError) as caught:
        open_container(path)

    assert caught.value.code == "image-corrupt"


def test_a_raw_disk_can_be_forced_to_be_a_vhd_only_with_a_footer(tmp_path: Path) -> None:
    patterned(tmp_path / "disk")

    with pytest.raises(ImageError) as caught:
        open_container(tmp_path / "disk", force_format="vhd")

    assert caught.value.code == "vhd-footer-missing"
