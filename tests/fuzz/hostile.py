"""Bytes changed the way a hostile image would be, and what reading them may do."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bootworthy.model.errors import ImageError

Patch: TypeAlias = tuple[int, bytes]

# Few and always the same, so that all of these tests stay under two minutes and a red run is red
# again; BOOTWORTHY_FUZZ_EXAMPLES=5000 looks for new ones, pytest's --hypothesis-seed repeats them.
_ASKED = os.environ.get("BOOTWORTHY_FUZZ_EXAMPLES")
BOUNDED = settings(
    max_examples=int(_ASKED or 100),
    deadline=None,
    derandomize=_ASKED is None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# More than any map or table of these small images needs, less than a size believed would take.
MEMORY = 48 << 20

_NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2, 511, 512, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]),
    st.sampled_from([1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]),
    st.integers(0, (1 << 64) - 1),
)


def _encoded(number: int, width: int, order: int) -> bytes:
    little = (number & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    return little[::-1] if order else little


VALUES = st.one_of(
    st.builds(_encoded, _NUMBERS, st.sampled_from([1, 2, 4, 8]), st.integers(0, 1)),
    st.binary(min_size=1, max_size=16),
)


def patches(*regions: tuple[int, int], aligned: int = 4) -> st.SearchStrategy[list[Patch]]:
    """A few changes within regions, given as start and end; most of them on whole words."""
    places = st.one_of(
        *(
            st.integers(start, end - 1).map(lambda place: place // aligned * aligned)
            for start, end in regions
        ),
        *(st.integers(start, end - 1) for start, end in regions),
    )
    return st.lists(st.tuples(places, VALUES), min_size=1, max_size=6)


def patched(data: bytes, changes: list[Patch]) -> bytes:
    """``data`` with changes, no longer than before."""
    changed = bytearray(data)
    for offset, value in changes:
        end = min(offset + len(value), len(changed))
        changed[offset:end] = value[: max(end - offset, 0)]
    return bytes(changed)


@contextmanager
def modest_memory() -> Iterator[None]:
    """No allocation beyond ``MEMORY``."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY


def only_image_errors(action: Callable[[], object]) -> bool:
    """Whether ``action`` succeeds; it may fail with an ImageError and in no other way."""
    with modest_memory():
        try:
            action()
        except ImageError:
            return False
    return True
