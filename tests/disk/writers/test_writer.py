from __future__ import annotations

import numpy as np
import pytest

from bootworthy.disk.writers.writer import Occupied


def occupied(*runs: tuple[int, int]) -> Occupied:
    both = np.array(runs, np.int64).reshape(-1, 2)
    return Occupied(both[:, 0], both[:, 1])


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((), []),
        (((0, 1),), [0]),
        (((9, 11),), [0, 1]),
        (((0, 10), (20, 30)), [0, 2]),
        (((3, 4), (5, 6), (40, 41)), [0, 4]),
        (((0, 35), (5, 12)), [0, 1, 2, 3]),
    ],
)
def test_units_are_those_touched(runs: tuple[tuple[int, int], ...], expected: list[int]) -> None:
    assert occupied(*runs).units(10).tolist() == expected


def test_a_cut_disk_holds_less() -> None:
    assert occupied((0, 5), (15, 25), (30, 31)).below(20).units(10).tolist() == [0, 1]
