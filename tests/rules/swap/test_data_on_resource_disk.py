from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.swap.data_on_resource_disk import check
from tests.guest.memory import Dir, Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, subject

MOUNT = "/mnt/resource"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {MOUNT: Dir()},
        {f"{MOUNT}/swapfile": "x", f"{MOUNT}/lost+found": Dir()},
        {MOUNT: "a file"},
        {MOUNT: Link("/gone")},
        {"/mnt/backup/x": "elsewhere"},
    ],
)
def test_nothing_is_hidden(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(changes))) == ()


def test_data_are_hidden() -> None:
    files = {f"{MOUNT}/table{number:02}.db": "x" for number in range(12)}

    found = finding(check, subject(healthy(files)))

    assert found.severity is Severity.WARNING
    assert found.message == "/mnt/resource is not empty"
    assert found.found.startswith("table00.db, table01.db")
    assert "table11" not in found.found
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
