from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.image import Image
from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import MakeFixedVhd
from bootworthy.rules.container.not_vhd import check
from tests.disk.making import MIB, run
from tests.disk.vhds import Vhd, marked
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, not_applicable, subject


def test_a_fixed_vhd_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


@pytest.mark.parametrize("fmt", ["raw", "qcow2"])
def test_other_containers_are_reported(tmp_path: Path, opened: OpenImage, fmt: str) -> None:
    raw, path = disks.disk(tmp_path / "raw"), tmp_path / "image"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, raw, path)

    found = finding(check, subject(image=opened(path)))

    assert found.severity is Severity.ERROR
    assert found.message == f"Azure accepts only fixed VHD; this is {fmt}"
    assert found.place.path == str(path)
    assert found.fix is not None
    assert found.fix.steps == (MakeFixedVhd(size=25 * MIB),)
    assert found.fix.safety is Safety.SAFE


def test_a_dynamic_vhd_is_reported(tmp_path: Path, opened: OpenImage) -> None:
    raw, path = disks.disk(tmp_path / "raw"), tmp_path / "image"
    options = "subformat=dynamic,force_size"
    run("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", options, raw, path)

    found = finding(check, subject(image=opened(path)))

    assert found.message == "Azure accepts only fixed VHD; this is dynamic VHD"
    assert found.fix is not None
    assert found.fix.steps == (MakeFixedVhd(size=25 * MIB),)


def test_a_differencing_vhd_is_reported(tmp_path: Path) -> None:
    base = Vhd(size=64 * 512, sectors=marked("base", 1))
    base.write(tmp_path / "base.vhd")
    path = base.over("base.vhd").write(tmp_path / "image")

    with Image(open_container(path, allow_backing=True)) as image:
        found = finding(check, subject(image=image))

    assert found.message == "Azure accepts only fixed VHD; this is differencing VHD"


def test_the_vhd_has_whole_mib(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "raw")
    with path.open("ab") as file:
        file.write(bytes(512))

    found = finding(check, subject(image=opened(path)))

    assert found.expected == f"fixed VHD, {26 * MIB} bytes and a footer of 512"


def test_a_file_tree_has_no_container() -> None:
    assert not_applicable(check, subject({})).startswith("there is no disk image")
