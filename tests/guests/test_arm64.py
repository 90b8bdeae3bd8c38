"""A guest for arm64 from check to a clean second prepare: its programs run under emulation.

That takes a quarter of an hour on another machine, and packages that scripts/setup does not
install: BOOTWORTHY_ALL_GUESTS=1 asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.model.finding import Severity
from bootworthy.work.check import check
from tests.guests import emulation
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build
from tests.guests.test_matrix import _DEBIAN, ALL_GUESTS, Guest, codes, lasting, mend

pytestmark = pytest.mark.guest

# Its serial port has another name, early messages and a delay for the root are not asked of arm64,
# and it has no swap.
ARM64 = Guest(
    name="arm64",
    found=(_DEBIAN - {"CMD-02", "CMD-04", "CMD-05", "SWAP-02"}) | {"CMD-03"},
    left=frozenset({"KERN-24"}),
)


@pytest.fixture(autouse=True)
def programs() -> Iterator[None]:
    if os.environ.get(ALL_GUESTS) != "1":
        pytest.skip(f"{ALL_GUESTS}=1 takes arm64 through it as well")
    if problem := emulation.why_not():
        pytest.skip(f"NOT TESTED: {problem}")
    with emulation.arm64_programs():
        yield


def test_from_check_to_a_second_prepare(tmp_path: Path) -> None:
    image = build(RECIPES["arm64"])
    assert codes(check(image), Severity.NOTE) == ARM64.found

    first = mend(ARM64, image, tmp_path / "first.vhd")
    assert codes(first, Severity.NOTE) <= ARM64.left
    assert first.changes
    assert codes(check(tmp_path / "first.vhd"), Severity.NOTE) <= ARM64.left

    second = mend(ARM64, tmp_path / "first.vhd", tmp_path / "second.vhd")
    assert lasting(second.changes) == []
