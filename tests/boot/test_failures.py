"""Broken images really rehearsed: a few in every run, all with ``BOOTWORTHY_ALL_REHEARSALS=1``.

The diagnosis of all of them is tested on recorded boots (``tests/rehearsal/test_recorded.py``).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bootworthy.rehearsal.codes import BOOT_CODES
from tests.boot import mutations
from tests.boot.failures import BY_NAME, Failure
from tests.cli.command import bootworthy
from tests.work.prepared import prepared

pytestmark = [pytest.mark.guest, pytest.mark.boot]

# One that ends in each stage: initramfs, init, provisioning, login.
_FEW = ("initramfs-without-driver", "kernel-panic", "cloud-init-disabled", "login-refused")
_CHOSEN = tuple(BY_NAME) if os.environ.get("BOOTWORTHY_ALL_REHEARSALS") == "1" else _FEW


@pytest.mark.parametrize(
    "failure", [BY_NAME[name] for name in _CHOSEN], ids=lambda failure: failure.name
)
def test_the_right_rule_is_named(failure: Failure, tmp_path: Path) -> None:
    image = mutations.copy_of(prepared(failure.guest, "--remove-users").vhd, tmp_path / "out.vhd")
    failure.mutate(image)
    done = bootworthy("rehearse", "--json", "--no-second-boot", "--keep", tmp_path, image)
    assert done.out, done.err
    verdict = json.loads(done.out)

    assert (done.status, verdict["passed"]) == (1, False)
    assert [item["code"] for item in verdict["diagnoses"]] == [failure.code]
    assert verdict["diagnoses"][0]["confirmed"] is (failure.code not in BOOT_CODES)
    missed = [item["name"] for item in verdict["milestones"] if item["state"] == "missed"]
    assert failure.missed in (missed[0], None)
