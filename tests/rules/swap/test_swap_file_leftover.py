from __future__ import annotations

import pytest

from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.swap.swap_file_leftover import check
from tests.guest.memory import Dir
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

PATHS = (
    "/mnt/resource/swapfile",
    "/mnt/swapfile",
    "/mnt/resource/DATALOSS_WARNING_README.txt",
    "/mnt/DATALOSS_WARNING_README.txt",
)


def test_nothing_is_left() -> None:
    assert findings(check, subject(healthy({"/mnt/resource": Dir()}))) == ()


@pytest.mark.parametrize("path", PATHS)
def test_a_file_of_the_temporary_disk(path: str) -> None:
    found = finding(check, subject(healthy({path: "12345"})))

    assert found.place.path == path
    assert found.found == "5 bytes"
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=(path,)),)


def test_a_specialized_image_keeps_them() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(healthy({PATHS[0]: "x"}), intent=specialized))
