"""Every guest from check to boot: what is found is known, what is mended stays mended.

The ones that differ most go through it always, the others where BOOTWORTHY_ALL_GUESTS=1 asks.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bootworthy.model.finding import Outcome, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.report import Report
from bootworthy.work.check import check
from bootworthy.work.opening import Reading
from bootworthy.work.prepare import prepare
from bootworthy.work.target import ApplyOptions
from tests.boot.emulator import path_with_newer_qemu
from tests.boot.harness import Bus, Firmware, Machine, boot
from tests.guests import rpms
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build

pytestmark = [pytest.mark.guest, pytest.mark.boot(late=True)]

ALL_GUESTS = "BOOTWORTHY_ALL_GUESTS"

# What every guest from elsewhere is told, whatever its family.
_ALWAYS = frozenset(
    (
        *("VHD-01", "VHD-04", "PART-04", "INIT-01", "INIT-02", "INIT-04"),
        *("CMD-02", "CMD-04", "CMD-05", "CMD-06", "CMD-07", "NET-02", "NET-16", "NET-22"),
        *("SEC-02", "SEC-03", "SEC-04", "SEC-05", "SEC-11", "SEC-12"),
        *("AGT-01", "AGT-02", "AGT-04", "AGT-20", "CI-01"),
        *("CLEAN-08", "CLEAN-09", "CLEAN-13", "CLEAN-19", "CLEAN-20"),
    )
)
_DEBIAN = _ALWAYS | {"CMD-08", "NET-01", "NET-03", "SWAP-02", "CLEAN-11", "CLEAN-16", "KERN-24"}

_DEBIAN12 = _DEBIAN - {"KERN-24"}

# A mirror of this machine's own network is the guest's too, and private to it.
_OF_THE_MIRROR = "DIST-06"


@dataclass(frozen=True, kw_only=True)
class Guest:
    """What is known of a guest; ``left`` are findings that only a person or an archive can mend."""

    name: str
    found: frozenset[str]
    left: frozenset[str] = frozenset()
    packages: tuple[rpms.Rpm, ...] = field(default=(), repr=False)
    recent: bool = False
    """Its kernel needs a newer QEMU than Debian 12's to be emulated, and its cloud-init a network.

    Current ones look for a card for 20 minutes (DataSourceAzure.py, timeout_minutes); where DHCP
    answers and nothing else does, they tell that Azure is not there and let the boot go on.
    """
    always: bool = False


GUESTS = (
    # Its support has ended, and its security archive misses packages that its index lists.
    Guest(
        name="debian11",
        found=_DEBIAN | {"DIST-01"},
        left=frozenset({"DIST-01", "AGT-20", "KERN-24"}),
        always=True,
    ),
    Guest(
        name="debian13",
        found=_DEBIAN,
        left=frozenset({"KERN-24"}),
        recent=True,
        always=True,
    ),
    Guest(
        name="debian14",
        found=_DEBIAN,
        left=frozenset({"KERN-24"}),
        recent=True,
        always=True,
    ),
    Guest(
        name="el9",
        found=_ALWAYS | {"NET-13"},
        packages=rpms.REPOSITORY,
        always=True,
    ),
    # Volumes are a person's to take apart, and Azure starts them all the same.
    Guest(
        name="lvm",
        found=_DEBIAN12 | {"CMD-19", "PART-08"},
        left=frozenset({"PART-08"}),
        always=True,
    ),
    Guest(name="btrfs", found=_DEBIAN12 - {"SWAP-02"}, always=True),
    Guest(name="dracut", found=_DEBIAN12, always=True),
    # bootctl fills EFI/BOOT as well.
    Guest(name="sdboot", found=_DEBIAN12 - {"PART-04"}, always=True),
    Guest(
        name="sle15",
        found=_ALWAYS | {"NET-01", "CMD-14"},
        packages=rpms.SUSE_REPOSITORY,
        always=True,
    ),
)

# A VHD is written whatever there is to mend; a program that was run and changed nothing is none.
_CHANGES_NOTHING = (ChangeKind.DISK, ChangeKind.PROGRAM, ChangeKind.SKIPPED)


@pytest.fixture(params=GUESTS, ids=lambda guest: guest.name)
def guest(request: pytest.FixtureRequest) -> Guest:
    chosen: Guest = request.param
    if not chosen.always and os.environ.get(ALL_GUESTS) != "1":
        pytest.skip(f"{ALL_GUESTS}=1 takes {chosen.name} through it as well")
    return chosen


def test_from_check_to_boot(guest: Guest, tmp_path: Path) -> None:
    image = build(RECIPES[guest.name])
    assert codes(check(image), Severity.NOTE) == guest.found

    first = mend(guest, image, tmp_path / "first.vhd")
    assert codes(first, Severity.NOTE) <= guest.left
    assert first.changes
    assert codes(check(tmp_path / "first.vhd"), Severity.NOTE) <= guest.left

    second = mend(guest, tmp_path / "first.vhd", tmp_path / "second.vhd")
    assert lasting(second.changes) == []

    machine = Machine(
        image=tmp_path / "second.vhd",
        firmware=Firmware.UEFI,
        bus=Bus.AHCI,
        network=guest.recent,
        path=path_with_newer_qemu(tmp_path) if guest.recent else "",
    )
    with boot(machine) as running:
        running.wait(r"\blogin: ", 420)
        assert list(running.timings)[-1] == "login"


def test_debians_own_image_for_azure_is_told_no_error() -> None:
    """Its container aside: the cloud team publishes it as a raw disk."""
    report = check(build(RECIPES["cloud"]))

    assert codes(report, Severity.ERROR) == {"VHD-01"}
    assert codes(report, Severity.WARNING) == {"VHD-01", "SEC-03", "CI-04"}
    assert [item.code for item in report.results if item.outcome is Outcome.ERROR] == []


def mend(guest: Guest, image: Path, output: Path) -> Report:
    packages = unpacked(guest, output.parent) if guest.packages else None
    return prepare(
        image,
        output,
        intent=Intent(remove_all_users=True),
        reading=Reading(engine="host", trust_image=True),
        options=ApplyOptions(packages=packages),
    )


def unpacked(guest: Guest, work: Path) -> Path:
    folder = work / "packages"
    if not folder.exists():
        folder.mkdir()
        tar = rpms.repository(guest.name, guest.packages)
        subprocess.run(["tar", f"--directory={folder}", f"--file={tar}", "--extract"], check=True)
    return folder


def codes(report: Report, least: Severity) -> set[str]:
    found = {one.code for one in report.findings if one.severity >= least}
    return found - {_OF_THE_MIRROR}


def lasting(changes: Iterable[Change]) -> list[Change]:
    return [change for change in changes if change.kind not in _CHANGES_NOTHING]
