"""How the appliance's process is spoken to: frames of JSON with bytes behind it.

A frame is two big-endian 32-bit lengths, a JSON object and a payload. Standard library only: the
process on the other side runs this file under the distribution's own Python.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any

_HEADER = struct.Struct(">II")

# A directory of 10^6 names, and an initramfs with every driver there is.
_MAX_WORDS = 256 << 20
_MAX_PAYLOAD = 1 << 30


class BrokenFrameError(Exception):
    """The stream ended inside a frame, or is not one of frames."""


def write_frame(stream: IO[bytes], words: dict[str, Any], payload: bytes = b"") -> None:
    """Send one frame."""
    text = json.dumps(words).encode()
    stream.write(_HEADER.pack(len(text), len(payload)))
    stream.write(text)
    stream.write(payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Receive one frame; None when the stream ended before it.

    Raises:
        BrokenFrameError: it ended inside, or makes no sense.
    """
    header = stream.read(_HEADER.size)
    if not header:
        return None
    if len(header) < _HEADER.size:
        raise BrokenFrameError("a frame ended in its header")
    sizes = _HEADER.unpack(header)
    if sizes[0] > _MAX_WORDS or sizes[1] > _MAX_PAYLOAD:
        raise BrokenFrameError(f"a frame of {sizes[0]} and {sizes[1]} bytes")
    text, payload = _exactly(stream, sizes[0]), _exactly(stream, sizes[1])
    words: dict[str, Any] = json.loads(text)
    return words, payload


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise BrokenFrameError("a frame ended early")
    return data
