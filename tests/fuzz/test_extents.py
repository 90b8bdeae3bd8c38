"""Extent maps against the simplest model: one entry for each byte of the disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bootworthy.disk.extents import Extent, ExtentMap, Kind, make_rows
from tests.fuzz.hostile import BOUNDED

Byte = tuple[Kind, int, int]

HOLE: Byte = (Kind.HOLE, 0, 0)


@st.composite
def maps(draw: st.DrawFn, size: int = 60) -> tuple[ExtentMap, list[Byte]]:
    """A map, and what each byte of its disk is."""
    columns: list[tuple[int, int, Kind, int]] = []
    model = [HOLE] * (size + 40)
    at = draw(st.integers(0, 9))
    while at < size + 10:
        length = draw(st.integers(1, 15))
        kind = draw(st.sampled_from([Kind.DATA, Kind.ENCODED, Kind.ZERO]))
        host = draw(st.integers(0, 200)) if kind is not Kind.ZERO else 0
        columns.append((at, length, kind, host))
        for byte in range(length):
            model[at + byte] = _byte(kind, host, byte)
        at += length + draw(st.sampled_from([0, 0, 1, 7]))
    shuffled = draw(st.permutations(columns))
    guest, lengths, kinds, hosts = zip(*shuffled, strict=True) if shuffled else ((), (), (), ())
    return ExtentMap(size, make_rows(guest, lengths, kinds, host=hosts)), model[:size]


def _byte(kind: Kind, host: int, within: int) -> Byte:
    """What tells one byte of an extent from another: its place, or its unit and place in that."""
    if kind is Kind.DATA:
        return (kind, host + within, 0)
    return (kind, host, within) if kind is Kind.ENCODED else (kind, 0, 0)


def _bytes_of(extents: list[Extent]) -> list[Byte]:
    found = []
    for extent in extents:
        for byte in range(extent.length):
            within = byte + (extent.skip if extent.kind is Kind.ENCODED else 0)
            found.append(_byte(extent.kind, extent.host, within))
    return found


@BOUNDED
@given(maps(), st.integers(0, 70), st.integers(0, 70))
def test_a_window_shows_what_is_there(
    drawn: tuple[ExtentMap, list[Byte]], offset: int, size: int
) -> None:
    found, model = drawn

    assert _bytes_of(list(found.window(offset, size))) == model[offset : offset + size]
    assert _bytes_of(list(found)) == model


@BOUNDED
@given(maps(), maps(size=45))
def test_a_parent_fills_holes_and_only_holes(
    child: tuple[ExtentMap, list[Byte]], parent: tuple[ExtentMap, list[Byte]]
) -> None:
    below = parent[1] + [HOLE] * 15
    expected = [b if a == HOLE else a for a, b in zip(child[1], below, strict=True)]

    found = list(child[0].over(parent[0], files=3))

    assert _bytes_of(found) == expected
    own = {extent.file for extent in found}
    assert own <= {0, 3}
