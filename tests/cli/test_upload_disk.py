"""``bootworthy upload --disk``: the managed disk it makes is of the image's own kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bootworthy.azure.capabilities import Capabilities
from bootworthy.cli.main import cli
from bootworthy.model.intent import Architecture, Generation
from tests.azure.arm_service import Arm
from tests.azure.blob_service import Service
from tests.azure.disks import fixed_vhd, raw_disk
from tests.azure.test_managed_disk import PATH, SUBSCRIPTION, arm, compute_of, disk_service
from tests.disk.making import needs

__all__ = ["arm", "disk_service"]

pytestmark = needs("sfdisk")


@pytest.fixture(autouse=True)
def _here(arm: Arm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("bootworthy.azure.compute.Compute", lambda *_, **__: compute_of(arm))


def upload(folder: Path, *words: str) -> tuple[Result, Path]:
    source = raw_disk(folder / "disk.raw")
    where = ("--disk", "web", "--resource-group", "images", "--location", "West Europe")
    argv = ["upload", str(source), *where, "--subscription", SUBSCRIPTION, "--anyway", *words]
    return CliRunner().invoke(cli, argv, catch_exceptions=False), source


def properties(arm: Arm) -> Any:  # noqa: ANN401 - JSON
    (disk,) = arm.resources.values()
    return disk["properties"]


def test_the_disk_has_the_architecture_and_generation_of_the_image(
    arm: Arm, disk_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    can = Capabilities(generations=frozenset({Generation.UEFI}), architecture=Architecture.ARM64)
    monkeypatch.setattr("bootworthy.cli.judging.judge", lambda *_: can)
    done, source = upload(tmp_path)

    assert done.exit_code == 0, done.output
    assert properties(arm)["supportedCapabilities"] == {"architecture": "Arm64"}
    assert properties(arm)["hyperVGeneration"] == "V2"
    assert disk_service.blob(PATH).content()[:-512] == fixed_vhd(source)[:-512]


def test_a_disk_without_a_guest_is_said_to_be_taken_for_x64(arm: Arm, tmp_path: Path) -> None:
    done, _ = upload(tmp_path)

    assert done.exit_code == 0, done.output
    assert "made for x64" in done.stderr
    assert properties(arm)["supportedCapabilities"] == {"architecture": "x64"}
    assert properties(arm)["hyperVGeneration"] == "V1"
