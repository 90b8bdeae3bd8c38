from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import (
    DropMounts,
)
from bootworthy.rules.partition.resource_mount_left import check
from tests.rules.healthy import ROOT_UUID, healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


LEFT = (
    "/dev/disk/cloud/azure_resource-part1\t/mnt\tauto\tdefaults,nofail,comment=cloudconfig\t0\t2\n"
)
ROOT = f"UUID={ROOT_UUID} / ext4 defaults 0 1\n"


def test_other_lines_pass() -> None:
    assert look({"/etc/fstab": ROOT + "UUID=x /data ext4 nofail 0 2\n"}) == ()


@pytest.mark.parametrize("line", [LEFT, "/dev/sdb1 /mnt auto nofail,comment=cloudconfig 0 2\n"])
def test_the_line_is_taken_out(line: str) -> None:
    (found,) = look({"/etc/fstab": ROOT + line})

    assert (found.severity, found.place.line) == (Severity.WARNING, 2)
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, DropMounts)
    assert step.lines == (2,)


def test_a_specialized_image_keeps_it() -> None:
    moved = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(healthy({"/etc/fstab": LEFT}), intent=moved))
