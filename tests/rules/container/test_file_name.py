from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.container.file_name import check
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import findings, subject


def look(path: Path, opened: OpenImage) -> tuple[Finding, ...]:
    return findings(check, subject(image=opened(path)))


@pytest.mark.parametrize("name", ["disk.vhd", "Debian_12-x64.2024.VHD", "a" * 76 + ".vhd"])
def test_names_that_azure_takes(
    tmp_path: Path, opened: OpenImage, healthy_vhd: Path, name: str
) -> None:
    (tmp_path / name).symlink_to(healthy_vhd)
    assert look(tmp_path / name, opened) == ()


@pytest.mark.parametrize(
    "name", ["my disk.vhd", "disk%.vhd", "disk", "disk.vhd.img", "ü.vhd", "a" * 77 + ".vhd"]
)
def test_names_that_it_refuses(
    tmp_path: Path, opened: OpenImage, healthy_vhd: Path, name: str
) -> None:
    (tmp_path / name).symlink_to(healthy_vhd)

    (found,) = look(tmp_path / name, opened)

    assert found.severity is Severity.WARNING
    assert found.found == name


def test_only_a_vhd_is_uploaded_as_it_is(tmp_path: Path, opened: OpenImage) -> None:
    assert look(disks.disk(tmp_path / "my disk"), opened) == ()


def test_a_working_disk_has_no_name_yet(
    tmp_path: Path, opened: OpenImage, healthy_vhd: Path
) -> None:
    (tmp_path / "out.vhd.partial").symlink_to(healthy_vhd)
    assert look(tmp_path / "out.vhd.partial", opened) == ()
