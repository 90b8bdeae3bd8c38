"""Deflate by ISA-L and by zlib: the same bytes, the same refusals."""

from __future__ import annotations

import gzip
import zlib

import pytest

from bootworthy.disk import deflate
from bootworthy.disk.deflate import DeflateError, Gunzip, inflate_raw, inflate_zlib

TEXT = b"".join(b"line %d\n" % number for number in range(5000))


@pytest.fixture(autouse=True, params=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test with what is installed and with the fallback."""
    if request.param == "zlib":
        monkeypatch.setattr(deflate, "_open_stream", deflate._stdlib_stream)


def raw(data: bytes) -> bytes:
    """A bare deflate stream."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def test_a_raw_stream_may_be_followed_by_anything() -> None:
    assert inflate_raw(raw(TEXT) + b"something else", len(TEXT)) == TEXT
    assert inflate_raw(raw(TEXT), 100) == TEXT[:100]
    assert len(inflate_raw(raw(TEXT)[:200], len(TEXT))) < len(TEXT)


def test_damage_is_an_error() -> None:
    with pytest.raises(DeflateError):
        inflate_raw(b"\xff" * 40, 100)


def test_a_zlib_stream_is_checked_to_its_end() -> None:
    packed = zlib.compress(TEXT)

    assert inflate_zlib(packed + b"padding", len(TEXT)) == TEXT
    assert inflate_zlib(packed, len(TEXT) + 100) == TEXT
    for broken in (packed[:-1], packed[:-4] + b"wron", b"\0" + packed[1:]):
        with pytest.raises(DeflateError):
            inflate_zlib(broken, len(TEXT))
    with pytest.raises(DeflateError):
        inflate_zlib(packed, len(TEXT) - 1)


def test_gzip_comes_in_pieces_of_the_size_asked_for() -> None:
    packed = gzip.compress(TEXT)
    member, found = Gunzip(), b""
    for start in range(0, len(packed), 100):
        piece = member.decompress(packed[start : start + 100], 50)
        while piece:
            assert len(piece) <= 50
            found += piece
            piece = member.decompress(b"", 50)

    assert found == TEXT
    assert member.eof


def test_what_follows_a_member_is_left() -> None:
    member = Gunzip()

    assert member.decompress(gzip.compress(b"one") + b"rest", 100) == b"one"
    assert member.unused_data == b"rest"


def test_a_wrong_checksum_is_an_error() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1

    with pytest.raises(DeflateError):
        Gunzip().decompress(bytes(packed), len(TEXT) + 100)
