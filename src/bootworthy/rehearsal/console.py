"""What a machine says on its serial port, as plain text, and when it said each line."""

from __future__ import annotations

import bisect
import codecs
import re
from dataclasses import dataclass, field

# CSI and OSC sequences, then two-byte escapes (ECMA-48 §5.3, §5.4); firmware uses them all. No
# sequence in use ends with "[", which is how a line of the kernel's begins.
_ESCAPES = re.compile(
    rb"\x1b\[[0-9;?=]*[ -/]*[@-Z\\-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|"
    rb"\x1b[@-Z\\^_=>78c()][0-9A-Z]?"
)
# What is left of a sequence that another writer cut in two: the kernel writes between the letters
# of systemd's colours. Then all that is no text; tabs and line ends stay.
_CUT = re.compile(rb"\x1b\[?[0-9;?=]*")
_CONTROL = re.compile("[^\t\n\x20-\x7e\xa0-\U0010ffff]|[\u2028\u2029]")
# systemd shortens a line in its middle, sequences and all: the end of one stays behind.
_SHORTENED = re.compile(r"(\u2026|\.\.\.)\[[0-9;]*m")
# No sequence that firmware or systemd writes is longer.
_LONGEST_ESCAPE = 64

# A guest can write without end. What is kept is more than any boot says.
_LARGEST = 2 << 20


@dataclass
class Console:
    """The text so far; a guest that talks without end loses what it says beyond 2 MiB."""

    text: str = ""
    last_heard: float = 0.0
    """When the machine last said anything, in seconds since power-on."""
    _pending: bytes = b""
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")(errors="replace")
    )
    _starts: list[int] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)

    def feed(self, data: bytes, seconds: float) -> None:
        """Take what the machine wrote until ``seconds`` after power-on."""
        self.last_heard = seconds
        data = self._pending + data
        whole = _whole_escapes(data)
        self._pending = data[whole:]
        plain = _CUT.sub(b"", _ESCAPES.sub(b"", data[:whole]))
        text = _SHORTENED.sub(r"\1", _CONTROL.sub("", self._decoder.decode(plain)))
        if not text or len(self.text) > _LARGEST:
            return
        self._starts.append(len(self.text))
        self._times.append(seconds)
        self.text += text

    def time_of(self, place: int) -> float:
        """When the character at ``place`` in the text came, in seconds since power-on."""
        index = bisect.bisect_right(self._starts, place) - 1
        return self._times[index] if index >= 0 else 0.0

    def line_at(self, place: int) -> str:
        """The whole line around ``place``, without surrounding white space."""
        start = self.text.rfind("\n", 0, place) + 1
        end = self.text.find("\n", place)
        return self.text[start : end if end >= 0 else None].strip()

    def stamped(self) -> str:
        """All that was said, each line with the seconds since power-on before it."""
        place, lines = 0, []
        for line in self.text.removesuffix("\n").split("\n"):
            lines.append(f"[{self.time_of(place):8.2f}] {line}\n")
            place += len(line) + 1
        return "".join(lines) if self.text else ""


def _whole_escapes(data: bytes) -> int:
    """How many bytes can be read now; the rest may be half an escape sequence."""
    last = data.rfind(b"\x1b")
    if last < 0 or len(data) - last > _LONGEST_ESCAPE:
        return len(data)
    return len(data) if _ESCAPES.match(data, last) else last
