"""Rounding and Azure's limits."""

from __future__ import annotations

import pytest

from bootworthy.disk import sizes


@pytest.mark.parametrize(
    ("size", "rounded"),
    [
        (0, 0),
        (1, 1 << 20),
        (1 << 20, 1 << 20),
        ((1 << 20) + 1, 2 << 20),
        (10737893376, 10738466816),
    ],
)
def test_rounds_up_and_only_when_needed(size: int, rounded: int) -> None:
    assert sizes.round_up_to_mib(size) == rounded


def test_knows_a_whole_mib() -> None:
    # The size in the article's own error message.
    assert not sizes.is_whole_mib(21475270656)
    assert sizes.is_whole_mib(21474836480)


def test_limits_of_the_upload_leave_room_for_the_footer() -> None:
    assert sizes.MIN_DISK + 512 == 20972032
    assert sizes.MAX_UPLOAD_DISK + 512 == 35183298347520
