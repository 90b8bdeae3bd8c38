"""``bootworthy rehearse`` on prepared guests that were broken: each with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.boot import mutations
from tests.cli.command import bootworthy
from tests.guests.catalogue import RECIPES
from tests.work.prepared import prepared

pytestmark = [pytest.mark.guest, pytest.mark.boot]

_UEFI_ESP = 1 << 20


def _rehearse(image: Path, keep: Path, *more: str) -> tuple[int, dict[str, Any]]:
    before = image.stat()
    done = bootworthy("rehearse", "--json", "--keep", keep, *more, image)
    assert done.out, done.err
    after = image.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    return done.status, json.loads(done.out)


def _states(verdict: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["state"] for item in verdict["milestones"]}


def test_no_loader_at_the_removable_path(tmp_path: Path) -> None:
    image = mutations.copy_of(prepared("uefi", "--remove-users").vhd, tmp_path / "out.vhd")
    mutations.remove_loader(image, _UEFI_ESP)
    status, verdict = _rehearse(image, tmp_path)

    assert status == 1
    assert [(d["code"], d["confirmed"]) for d in verdict["diagnoses"]] == [("PART-04", True)]
    assert _states(verdict)["boot-loader"] == "missed"


def test_a_shell_instead_of_init(tmp_path: Path) -> None:
    image = mutations.copy_of(prepared("bios", "--remove-users").vhd, tmp_path / "out.vhd")
    mutations.start_a_shell(image, RECIPES["bios"])
    status, verdict = _rehearse(image, tmp_path)

    assert status == 1
    assert [(d["code"], d["confirmed"]) for d in verdict["diagnoses"]] == [("CMD-16", True)]
    states = _states(verdict)
    assert (states["kernel"], states["initramfs"]) == ("reached", "missed")
