from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bootworthy.rehearsal.fabric.dvd import make_dvd
from bootworthy.rehearsal.fabric.ovf import ovf_environment
from bootworthy.rehearsal.scenario import Scenario


@pytest.fixture
def medium(scenario: Scenario, tmp_path: Path) -> Path:
    path = tmp_path / "medium"
    make_dvd(scenario, path)
    return path


def _blkid(path: Path) -> str:
    argv = ["/usr/sbin/blkid", "-p", "-o", "export", str(path)]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def test_it_is_found_as_udf(medium: Path) -> None:
    found = _blkid(medium).splitlines()

    assert "TYPE=udf" in found
    assert "LABEL=RD_RDFE_STABLE_REHEARSAL" in found


def test_it_is_not_iso_9660_as_well(medium: Path) -> None:
    """A guest whose kernel lacks udf must not get by."""
    argv = ["/usr/sbin/blkid", "-p", "-n", "iso9660", str(medium)]

    assert subprocess.run(argv, check=False, capture_output=True).returncode == 2
    assert b"CD001" not in medium.read_bytes()


def test_the_kernel_mounts_it(medium: Path, scenario: Scenario, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("NOT TESTED: mounting needs root; the boots of real guests mount it as well")
    place = tmp_path / "place"
    place.mkdir()
    script = (
        'mount -t udf -o ro,loop "$1" "$2" && ls "$2" && cat "$2/ovf-env.xml" "$2/CustomData.bin"'
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", medium, place],
        check=False,
        capture_output=True,
    )

    if b"unknown filesystem type" in done.stderr:
        pytest.skip("NOT TESTED: this kernel has no udf; the boots of real guests mount it as well")
    assert done.stderr == b""
    content = ovf_environment(scenario) + (scenario.custom_data or b"")
    assert done.stdout == b"CustomData.bin\novf-env.xml\n" + content


def test_the_largest_custom_data_fits(tmp_path: Path) -> None:
    data = bytes(range(256)) * 255
    make_dvd(Scenario(custom_data=data), tmp_path / "medium")

    assert data in (tmp_path / "medium").read_bytes()
    assert "TYPE=udf" in _blkid(tmp_path / "medium")
