"""Extent maps: order, joins, cuts, layers and limits."""

from __future__ import annotations

import numpy as np
import pytest

from bootworthy.disk import extents
from bootworthy.disk.extents import Extent, ExtentMap, Kind, Rows, make_rows, no_rows
from bootworthy.model.errors import ImageError


def rows(*columns: tuple[int, int, Kind, int]) -> Rows:
    """Rows from guest offset, length, kind and host offset."""
    guest, length, kind, host = (np.array(column) for column in zip(*columns, strict=True))
    return make_rows(guest, length, kind, host=host)


def test_an_empty_map_is_one_hole() -> None:
    assert list(ExtentMap(1000, no_rows())) == [Extent(0, 1000, Kind.HOLE)]


def test_a_disk_without_bytes_has_no_extent() -> None:
    assert list(ExtentMap(0, no_rows())) == []


def test_rows_are_sorted_joined_and_cut_to_the_disk() -> None:
    found = ExtentMap(
        100,
        rows(
            (60, 50, Kind.DATA, 500),
            (0, 10, Kind.DATA, 200),
            (10, 10, Kind.DATA, 210),
            (20, 10, Kind.DATA, 0),
            (200, 10, Kind.DATA, 900),
        ),
    )

    assert list(found) == [
        Extent(0, 20, Kind.DATA, host=200),
        Extent(20, 10, Kind.DATA, host=0),
        Extent(30, 30, Kind.HOLE),
        Extent(60, 40, Kind.DATA, host=500),
    ]
    assert found.bytes_of(Kind.DATA) == 70


def test_zeros_are_joined_and_encoded_units_are_not() -> None:
    found = ExtentMap(
        40,
        rows(
            (0, 10, Kind.ZERO, 0),
            (10, 10, Kind.ZERO, 0),
            (20, 10, Kind.ENCODED, 0),
            (30, 10, Kind.ENCODED, 10),
        ),
    )

    assert [(item.kind, item.length) for item in found] == [
        (Kind.ZERO, 20),
        (Kind.ENCODED, 10),
        (Kind.ENCODED, 10),
    ]


def test_a_window_is_covered_exactly() -> None:
    found = ExtentMap(100, rows((10, 20, Kind.DATA, 500), (40, 20, Kind.ENCODED, 7)))

    assert list(found.window(15, 35)) == [
        Extent(15, 15, Kind.DATA, host=505),
        Extent(30, 10, Kind.HOLE),
        Extent(40, 10, Kind.ENCODED, host=7),
    ]
    assert list(found.window(50, 5)) == [Extent(50, 5, Kind.ENCODED, host=7, skip=10)]
    assert list(found.window(95, 50)) == [Extent(95, 5, Kind.HOLE)]
    assert list(found.window(0, 5)) == [Extent(0, 5, Kind.HOLE)]


def test_a_window_may_span_many_rows() -> None:
    found = ExtentMap(1000, rows(*((at, 5, Kind.DATA, 3000 - at) for at in range(0, 1000, 10))))

    assert sum(extent.length for extent in found.window(3, 990)) == 990
    assert len(list(found.window(0, 1000))) == 200


def test_a_parent_shows_through_holes_but_not_through_zeros() -> None:
    child = ExtentMap(100, rows((10, 10, Kind.DATA, 0), (30, 10, Kind.ZERO, 0)))
    parent = ExtentMap(
        80, rows((0, 35, Kind.DATA, 1000), (38, 22, Kind.ENCODED, 50), (70, 10, Kind.ZERO, 0))
    )

    assert list(child.over(parent, files=2)) == [
        Extent(0, 10, Kind.DATA, file=2, host=1000),
        Extent(10, 10, Kind.DATA, host=0),
        Extent(20, 10, Kind.DATA, file=2, host=1020),
        Extent(30, 10, Kind.ZERO),
        Extent(40, 20, Kind.ENCODED, file=2, host=50, skip=2),
        Extent(60, 10, Kind.HOLE),
        Extent(70, 10, Kind.ZERO),
        Extent(80, 20, Kind.HOLE),
    ]


def test_a_parent_larger_than_the_child_is_cut() -> None:
    child = ExtentMap(10, no_rows())
    parent = ExtentMap(50, rows((0, 50, Kind.DATA, 7)))

    assert list(child.over(parent, files=1)) == [Extent(0, 10, Kind.DATA, file=1, host=7)]


@pytest.mark.parametrize(
    "wrong",
    [
        rows((0, 11, Kind.DATA, 0), (10, 10, Kind.DATA, 100)),
        rows((0, 10, Kind.DATA, 0), (0, 10, Kind.ZERO, 0)),
        rows((-1, 10, Kind.DATA, 0)),
        rows((0, 10, Kind.DATA, -5)),
        rows((0, (1 << 62) + 1, Kind.DATA, 0)),
    ],
)
def test_impossible_rows_are_refused(wrong: Rows) -> None:
    with pytest.raises(ImageError) as caught:
        ExtentMap(100, wrong)

    assert caught.value.code == "image-corrupt"


def test_a_map_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extents, "MAX_EXTENTS", 2)

    with pytest.raises(ImageError) as caught:
        ExtentMap(100, rows(*((at, 5, Kind.DATA, 0) for at in range(0, 30, 10))))

    assert caught.value.code == "image-too-complex"


def test_the_rows_of_a_map_cannot_be_changed() -> None:
    found = ExtentMap(100, rows((0, 10, Kind.DATA, 0)))

    with pytest.raises(ValueError, match="read-only"):
        found.rows["guest"] = 5
