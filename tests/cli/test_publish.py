"""``bootworthy publish`` as a person runs it, as far as nothing is called."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bootworthy.cli.main import cli
from bootworthy.disk.container import Container, open_container
from tests.azure.disks import raw_disk
from tests.cli.test_upload import run
from tests.disk.making import needs

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
WHERE = ("--resource-group", "images", "--name", "web", "--location", "West Europe")
GALLERY = ("--gallery", "linux", "--image-definition", "web", "--version", "1.0.0")


@pytest.mark.guest
def test_a_dry_run_prints_every_call(bios_guest: Path, tmp_path: Path) -> None:
    words = ("publish", bios_guest, *WHERE, *GALLERY, "--subscription", SUBSCRIPTION)
    told = run(tmp_path, *words, "--anyway", "--dry-run", "--json")

    assert told.returncode == 0, told.stderr
    made = json.loads(told.stdout)["calls"]
    assert [call["method"] for call in made][:3] == ["PUT", "POST", "POST"]
    assert made[0]["body"]["location"] == "westeurope"
    assert made[0]["body"]["properties"]["hyperVGeneration"] == "V1"
    assert made[-2]["path"].endswith("/galleries/linux/images/web/versions/1.0.0")


@pytest.mark.guest
@pytest.mark.parametrize(
    ("language", "word"),
    [("bicep", "param blobUri"), ("terraform", "azurerm_image"), ("az", "az image create")],
)
def test_templates_need_no_credential(
    language: str, word: str, bios_guest: Path, tmp_path: Path
) -> None:
    words = ("publish", bios_guest, *WHERE, "--subscription", SUBSCRIPTION, "--anyway")
    told = run(tmp_path, *words, "--emit", language, "--nvme-disks", "no")

    assert told.returncode == 0, told.stderr
    assert word in told.stdout


@pytest.mark.guest
def test_a_generation_the_image_does_not_start_as_is_refused(
    bios_guest: Path, tmp_path: Path
) -> None:
    words = ("publish", bios_guest, *WHERE, "--subscription", SUBSCRIPTION, "--generation", "2")
    told = run(tmp_path, *words, "--dry-run")

    assert told.returncode in (1, 2)
    assert told.stdout == ""


@pytest.mark.guest
def test_the_image_is_opened_once(bios_guest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def count(path: str, **how: Any) -> Container:  # noqa: ANN401 - passed on
        opened.append(os.fspath(path))
        return open_container(path, **how)

    monkeypatch.setattr("bootworthy.disk.image.open_container", count)
    words = [*WHERE, "--subscription", SUBSCRIPTION, "--dry-run", "-q"]
    told = CliRunner().invoke(cli, ["publish", os.fspath(bios_guest), *words])

    # Judged by the rules, or refused by them: either way all that is asked was asked of one file.
    assert told.exit_code in (0, 1)
    assert opened == [os.fspath(bios_guest)]


@needs("sfdisk")
def test_half_a_gallery_is_wrong_usage(tmp_path: Path) -> None:
    told = run(tmp_path, "publish", raw_disk(tmp_path / "disk.raw"), *WHERE, "--gallery", "linux")

    assert told.returncode == 2
    assert "--image-definition" in told.stderr
