from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.cloud_init.ds_identify_restricted import check
from tests.disk.making import MIB
from tests.guest.engines.disks import Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, subject

CONFIG = "/etc/cloud/ds-identify.cfg"
SEED = "/var/lib/cloud/seed/nocloud-net"
ANY_SOURCE: dict[str, Entry | None] = {"/etc/cloud/cloud.cfg.d/91-azure_datasource.cfg": None}


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


@pytest.mark.parametrize("text", ["", "datasource: Azure\n", "# datasource: Ec2\n", "policy: x\n"])
def test_others_pass(text: str) -> None:
    assert look({CONFIG: text}) == ()


def test_another_cloud() -> None:
    (found,) = look({CONFIG: "policy: search\ndatasource: Ec2\n"})
    assert (found.severity, str(found.place)) == (Severity.ERROR, f"{CONFIG}:2")


def test_a_seed_counts_where_its_source_is_asked() -> None:
    seed: dict[str, Entry | None] = {f"{SEED}/meta-data": "x"}
    assert look(seed) == ()

    (found,) = look({**seed, **ANY_SOURCE})

    assert (found.severity, found.place.path) == (Severity.WARNING, SEED)
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=("/var/lib/cloud/seed/nocloud*",)),)


def test_a_partition_that_is_a_seed(tmp_path: Path, opened: OpenImage) -> None:
    part = Part(kind="vfat", size=4 * MIB, label="cidata")
    image = opened(disks.disk(tmp_path / "disk", (*disks.PARTS, part)))

    found = finding(check, subject(healthy(ANY_SOURCE), image=image))

    assert found.place.within == "partition 4"
    assert findings(check, subject(healthy(), image=image)) == ()
