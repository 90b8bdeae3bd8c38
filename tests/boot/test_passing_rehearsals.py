"""Prepared guests pass a rehearsal: Debian's releases, who provisions them, and both firmwares.

Each release, each firmware and each way of being provisioned is rehearsed always, and the question
of a plugin asked; all of them, with a second boot, and others, where
BOOTWORTHY_ALL_REHEARSALS=1 asks.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.boot.emulator import path_with_newer_qemu
from tests.cli.command import bootworthy
from tests.examples.plugin import installed_plugin
from tests.work.prepared import prepared

pytestmark = [pytest.mark.guest, pytest.mark.boot]

ALL_REHEARSALS = "BOOTWORTHY_ALL_REHEARSALS"

# A boot takes a minute or two where nothing else runs; the second one is left to them all.
_QUICKLY = ("--no-second-boot",)
_LARGE = ("--trusted-launch", "--nics", "2", "--data-disks", "2")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One guest, prepared for one way of being provisioned, on one machine."""

    guest: str
    provisioning: str
    machine: tuple[str, ...] = ()
    agent_of: str = ""
    """A newer release of Debian whose agent is offered beside the guest's own."""
    reached: tuple[str, ...] = ()
    """Milestones beyond those of every guest."""
    plugin: bool = False
    """Whether the example plugin is installed, whose question is then asked."""


ALWAYS = (
    Case(guest="uefi", provisioning="both", machine=_QUICKLY),
    Case(
        guest="bios",
        provisioning="both",
        machine=_QUICKLY,
        reached=("clock-in-utc",),
        plugin=True,
    ),
    Case(guest="debian11", provisioning="cloud-init", machine=_QUICKLY),
    Case(guest="debian13", provisioning="agent", machine=_QUICKLY),
)

OTHERS = (
    Case(
        guest="uefi",
        provisioning="both",
        machine=(*_QUICKLY, *_LARGE),
        reached=("secure-boot", "tpm", "nics", "data-disks"),
    ),
    Case(guest="debian11", provisioning="both", machine=(*_QUICKLY, "--nvme")),
    # It comes with cloud-init, and with a chrony that asks Hyper-V for the time.
    Case(guest="cloud", provisioning="agent", machine=_QUICKLY),
)


def _agent_of(guest: str, provisioning: str) -> str:
    """Debian 11's own agent cannot provision (AGT-26, tests/boot/failures.py); the next one can."""
    return "bookworm" if guest.startswith("debian11") and provisioning == "agent" else ""


EVERY = tuple(
    Case(guest=guest, provisioning=provisioning, agent_of=_agent_of(guest, provisioning))
    for guest in ("uefi", "bios", "debian11", "debian11-bios", "debian13", "debian13-bios")
    for provisioning in ("both", "cloud-init", "agent")
)

_OF_EVERY_GUEST = ("serial", "ready", "login", "sudo", "host-keys", "machine-id")

# Who provisions, and the milestones that show what only they do.
_SHOWN_BY = {
    "both": ("root-grown", "custom-data", "agent"),
    "cloud-init": ("root-grown", "custom-data"),
    "agent": ("agent",),
}

all_of_them = pytest.mark.skipif(
    os.environ.get(ALL_REHEARSALS) != "1", reason=f"{ALL_REHEARSALS}=1 asks for it"
)


def _named(case: Case) -> str:
    return f"{case.guest}-{case.provisioning}"


@pytest.mark.parametrize("case", ALWAYS, ids=_named)
def test_a_prepared_guest(case: Case, tmp_path: Path) -> None:
    _passes(case, tmp_path)


@all_of_them
@pytest.mark.parametrize("case", OTHERS, ids=_named)
def test_another_guest_or_machine(case: Case, tmp_path: Path) -> None:
    _passes(case, tmp_path)


@all_of_them
@pytest.mark.parametrize("case", EVERY, ids=_named)
def test_every_prepared_guest_twice(case: Case, tmp_path: Path) -> None:
    states = _passes(case, tmp_path)

    assert states["second-login"] == "reached"
    assert states["provisioned-once"] == "reached"


def _passes(case: Case, directory: Path) -> dict[str, str]:
    # Both is what happens without the option, and what other tests have prepared already.
    chosen = () if case.provisioning == "both" else ("--provisioning", case.provisioning)
    image = prepared(case.guest, "--remove-users", *chosen, agent_of=case.agent_of).vhd
    before = image.stat()
    options = ("--json", "--keep", str(directory / "kept"), *case.machine)
    done = bootworthy("rehearse", *options, image, env=_environment(case, directory))
    assert done.out, done.err
    verdict: dict[str, Any] = json.loads(done.out)
    states = {item["name"]: item["state"] for item in verdict["milestones"]}
    after = image.stat()

    assert [(found["code"], found["saw"]) for found in verdict["diagnoses"]] == []
    assert "missed" not in states.values()
    for name in (*_OF_EVERY_GUEST, *_SHOWN_BY[case.provisioning], *case.reached):
        assert (name, states[name]) == (name, "reached")
    assert (done.status, verdict["passed"]) == (0, True)
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    assert "Linux version" in (directory / "kept" / "serial.log").read_text()
    assert "health-ready" in (directory / "kept" / "fabric.jsonl").read_text()
    return states


def _environment(case: Case, directory: Path) -> dict[str, str]:
    """What the rehearsal runs with: a newer QEMU where the guest needs one, and the plugin."""
    environment = installed_plugin(directory / "site-packages") if case.plugin else {}
    if case.guest.startswith("debian13"):
        environment["PATH"] = path_with_newer_qemu(directory)
    return environment
