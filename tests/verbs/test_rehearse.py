"""The verb ``rehearse`` as a library has it; the boots are in tests/boot."""

from __future__ import annotations

from pathlib import Path

import pytest

import bootworthy
from bootworthy.model.errors import ImageError, UsageError
from bootworthy.model.intent import Generation
from tests.disk.making import needs
from tests.guests import small

pytestmark = [needs("sfdisk"), needs("mke2fs")]


def test_what_azure_does_not_boot_is_refused_before_anything_starts(tmp_path: Path) -> None:
    image = small.one_linux(tmp_path / "disk.raw")
    before = image.read_bytes()

    with pytest.raises(UsageError) as caught:
        bootworthy.rehearse(
            image,
            bootworthy.RehearsalOptions(scenario=bootworthy.Scenario(trusted_launch=True)),
            generation=Generation.BIOS,
        )

    assert caught.value.code == "rehearsal-trusted-launch"
    assert image.read_bytes() == before


def test_a_missing_image_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        bootworthy.rehearse(tmp_path / "none.vhd")

    assert caught.value.code == "image-not-found"
