"""Many small mutations for each example of Hypothesis, where a case takes less than a millisecond.

A failure names its seed, from which the same mutants come again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import settings
from hypothesis import strategies as st

from tests.fuzz.hostile import BOUNDED

CASES = 100

# 20000 cases for each test; BOOTWORTHY_FUZZ_EXAMPLES makes it more, as everywhere.
BULK = settings(BOUNDED, max_examples=2 * BOUNDED.max_examples)
SEEDS = st.integers(0, (1 << 64) - 1)

_EXTREMES = (0, 1, 2, 511, 512, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 62, (1 << 64) - 1)
_HALF = 0.5


def mutants(seed: int, data: bytes, *regions: tuple[int, int]) -> Iterator[bytearray]:
    """``CASES`` copies of ``data``, each changed in up to six places within the regions."""
    chance = random.Random(seed)  # noqa: S311 - the same mutants each time
    for _ in range(CASES):
        mutant = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            start, end = chance.choice(regions)
            width = chance.choice((1, 2, 4, 8))
            place = chance.randrange(start, end)
            place -= place % chance.choice((1, width))
            value = chance.choice((chance.choice(_EXTREMES), chance.getrandbits(8 * width)))
            word = (value & ((1 << 8 * width) - 1)).to_bytes(
                width, chance.choice(("little", "big"))
            )
            mutant[place : place + width] = word[: max(len(mutant) - place, 0)]
        yield mutant
