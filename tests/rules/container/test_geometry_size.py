from __future__ import annotations

from pathlib import Path

from bootworthy.disk import footer
from bootworthy.disk.image import Image
from bootworthy.model.finding import Severity
from bootworthy.model.steps import MakeFixedVhd
from bootworthy.rules.container.geometry_size import check
from tests.disk.making import MIB, patch, run
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject


def test_a_trusted_creator_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_a_vhd_of_qemu_with_its_exact_size_passes(tmp_path: Path, opened: OpenImage) -> None:
    raw, path = disks.disk(tmp_path / "raw"), tmp_path / "disk.vhd"
    run("qemu-img", "convert", "-O", "vpc", "-o", "subformat=fixed,force_size", raw, path)

    assert findings(check, subject(image=opened(path))) == ()


def test_qemu_without_force_size_rounds_both_sizes(tmp_path: Path, opened: OpenImage) -> None:
    raw, path = disks.disk(tmp_path / "raw"), tmp_path / "disk.vhd"
    run("qemu-img", "convert", "-O", "vpc", "-o", "subformat=fixed", raw, path)

    # Nobody reads it in two ways; that it is no whole number of MiB is VHD-04's.
    assert findings(check, subject(image=opened(path))) == ()


def test_a_size_that_is_not_the_geometrys_is_reported(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.vhd(tmp_path / "disk.vhd")
    size = 25 * MIB
    whole = bytearray(path.read_bytes()[-512:])
    whole[28:32] = b"vpc "
    whole[64:68] = footer.checksum_of(bytes(whole)).to_bytes(4, "big")
    patch(path, size, bytes(whole))

    found = finding(check, subject(image=opened(path)))

    assert found.severity is Severity.ERROR
    assert found.message == "the size of this VHD depends on who reads it"
    assert found.found.startswith("creator 'vpc ': the geometry in the VHD footer means ")
    assert found.fix is not None
    assert found.fix.steps == (MakeFixedVhd(size=size),)


def test_other_containers_have_no_geometry(tmp_path: Path, opened: OpenImage) -> None:
    assert findings(check, subject(image=opened(disks.disk(tmp_path / "disk")))) == ()
