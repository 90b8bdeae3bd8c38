"""Evidence as people read it: one line of plain text, of bounded length."""

from __future__ import annotations

import re

# What a terminal would obey instead of show, from a guest that is not trusted: C0 and C1 controls,
# and the marks that turn the direction of text (Unicode, TR 36, §3.6).
_UNSAFE = re.compile(
    "\x1b\\[[0-9;?=]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def one_line(text: str, most: int = 300) -> str:
    """The text without control characters and superfluous spaces, cut to ``most`` characters."""
    text = " ".join(_UNSAFE.sub(" ", text).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
