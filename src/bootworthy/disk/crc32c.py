"""CRC-32C begun with a seed and not inverted at the end, as ext4 has it.

The polynomial is Castagnoli's (RFC 3720, B.4); Linux, lib/crc/crc32c. What a library calls the
checksum is inverted before and after.
"""

from __future__ import annotations

import google_crc32c
import numpy as np
import numpy.typing as npt

ALL_ONES = 0xFFFF_FFFF


def of_rows(rows: npt.NDArray[np.uint8], seeds: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The checksum of each row, begun with its seed; all rows are one length."""
    pairs = zip(rows, seeds.tolist(), strict=True)
    return np.array([of_bytes(row.tobytes(), seed) for row, seed in pairs], np.uint32)


def of_bytes(data: bytes, seed: int = ALL_ONES) -> int:
    """The checksum of some bytes, begun with ``seed``."""
    return int(google_crc32c.extend(seed ^ ALL_ONES, data)) ^ ALL_ONES
