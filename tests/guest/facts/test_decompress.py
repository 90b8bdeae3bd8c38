from __future__ import annotations

import pytest

from bootworthy.guest.facts.decompress import UnpackError, unpack, unpacker
from tests.guest.initramfs_images import COMPRESSORS

TEXT = b"The quick brown fox. " * 1000


@pytest.mark.parametrize("compression", sorted(COMPRESSORS))
def test_unpack(compression: str) -> None:
    assert unpack(COMPRESSORS[compression](TEXT), limit=len(TEXT)) == TEXT


@pytest.mark.parametrize("compression", sorted(COMPRESSORS))
def test_limit(compression: str) -> None:
    with pytest.raises(UnpackError, match=f"its {compression} data unpacks to more than 99 bytes"):
        unpack(COMPRESSORS[compression](TEXT), limit=99)


def test_what_is_not_compressed_stays() -> None:
    assert unpack(b"\x7fELF", limit=2) == b"\x7fELF"
    assert unpacker(memoryview(b"\x7fELF")) is None
    assert unpacker(memoryview(b"")) is None


@pytest.mark.parametrize("compression", sorted(set(COMPRESSORS) - {"lz4"}))
def test_the_end_of_the_stream_is_known(compression: str) -> None:
    packed = COMPRESSORS[compression](TEXT)
    stream = unpacker(memoryview(packed + b"behind" * 40))
    assert stream is not None
    assert b"".join(stream) == TEXT
    assert stream.consumed == len(packed)
    assert stream.name == compression


def test_lz4_goes_on_to_an_empty_block() -> None:
    packed = COMPRESSORS["lz4"](TEXT)
    twice = unpacker(memoryview(packed + packed + bytes(4) + b"behind"))
    assert twice is not None
    assert b"".join(twice) == TEXT + TEXT
    assert twice.consumed == 2 * len(packed) + 4


def test_the_modern_lz4_frame_is_refused_as_the_kernel_does() -> None:
    with pytest.raises(UnpackError, match="not of the legacy kind"):
        unpack(b"\x02\x21", limit=100)
    assert unpacker(memoryview(b"\x04\x22\x4d\x18")) is None


@pytest.mark.parametrize(
    ("compression", "size", "largest"),
    [
        ("bzip2", 8 << 20, 1 << 20),
        ("gzip", 80 << 20, 67 << 20),
        ("lz4", 24 << 20, 8 << 20),
        ("lzma", 8 << 20, 1 << 20),
        ("xz", 8 << 20, 1 << 20),
        ("zstd", 80 << 20, 40 << 20),
    ],
)
def test_pieces_of_a_bomb_are_small(compression: str, size: int, largest: int) -> None:
    stream = unpacker(memoryview(COMPRESSORS[compression](bytes(size))))
    assert stream is not None
    lengths = [len(piece) for piece in stream]
    assert sum(lengths) == size
    assert max(lengths) <= largest


def test_a_window_no_kernel_would_take_is_refused() -> None:
    # Frame header: no content size, window descriptor for 2 GiB (RFC 8878, 3.1.1.1.2).
    huge = b"\x28\xb5\x2f\xfd\x00" + bytes([(31 - 10) << 3]) + b"\x01\x00\x00"
    with pytest.raises(UnpackError, match="zstd data does not unpack"):
        unpack(huge, limit=1000)
