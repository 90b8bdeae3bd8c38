from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.engines.appliance.frames import BrokenFrameError, read_frame, write_frame

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.tuples(st.dictionaries(st.text(), _JSON, max_size=4), st.binary()), max_size=4))
def test_frames_come_as_they_went(frames: list[tuple[dict[str, object], bytes]]) -> None:
    stream = io.BytesIO()
    for words, payload in frames:
        write_frame(stream, words, payload)
    stream.seek(0)
    assert [read_frame(stream) for _ in frames] == frames
    assert read_frame(stream) is None


def test_names_that_are_not_utf8_survive() -> None:
    stream = io.BytesIO()
    write_frame(stream, {"path": "/caf\udce9"})
    stream.seek(0)
    assert read_frame(stream) == ({"path": "/caf\udce9"}, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0",
        struct.pack(">II", 10, 0) + b"{}",
        struct.pack(">II", 2, 5) + b"{}" + b"1234",
        struct.pack(">II", 0xFFFFFFFF, 0),
        struct.pack(">II", 2, 0xFFFFFFFF) + b"{}",
    ],
)
def test_a_stream_that_breaks_off(data: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        read_frame(io.BytesIO(data))
