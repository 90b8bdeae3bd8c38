from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.disk.sizes import GIB
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.rules.container.size_limits import check
from tests.disk.making import MIB, run, sparse
from tests.rules.conftest import OpenImage
from tests.rules.making import findings, subject


def look(path: Path, opened: OpenImage, size: int, *, label: str = "gpt") -> tuple[Finding, ...]:
    run("sfdisk", "-q", sparse(path, size), typed=f"label: {label}\nsize=1M\n")
    return findings(check, subject(image=opened(path)))


def test_a_usual_size_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


@pytest.mark.parametrize(
    ("label", "size"), [("gpt", 20 * MIB), ("gpt", 1023 * GIB), ("dos", 1023 * GIB)]
)
def test_the_limits_themselves_pass(
    tmp_path: Path, opened: OpenImage, label: str, size: int
) -> None:
    assert look(tmp_path / "disk", opened, size, label=label) == ()


@pytest.mark.parametrize(("label", "size"), [("gpt", 4095 * GIB), ("dos", 2048 * GIB)])
def test_the_marketplace_takes_less(
    tmp_path: Path, opened: OpenImage, label: str, size: int
) -> None:
    (found,) = look(tmp_path / "disk", opened, size, label=label)

    assert found.severity is Severity.WARNING
    assert found.message.endswith("TiB is too large for the Marketplace")
    assert found.expected == "at most 1023 GiB"


@pytest.mark.parametrize(
    ("label", "size", "limit"),
    [("gpt", 4095 * GIB + MIB, "4095 GiB"), ("dos", 2048 * GIB + MIB, "2048 GiB")],
)
def test_azure_makes_no_larger_disks(
    tmp_path: Path, opened: OpenImage, label: str, size: int, limit: str
) -> None:
    (found,) = look(tmp_path / "disk", opened, size, label=label)

    assert found.severity is Severity.ERROR
    assert found.expected == f"at most {limit}"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
    assert found.fix.title.startswith("shrink")


def test_azure_takes_no_smaller_disks(tmp_path: Path, opened: OpenImage) -> None:
    (found,) = look(tmp_path / "disk", opened, 19 * MIB)

    assert found.severity is Severity.ERROR
    assert found.message == "a disk of 19.0 MiB is too small"
    assert found.expected == "at least 20971520 bytes"
    assert found.fix is not None
    assert found.fix.title == "use a larger disk"
