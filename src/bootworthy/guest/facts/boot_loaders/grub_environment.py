"""GRUB's environment block: variables that survive a reboot, in a file of fixed size.

Source: GRUB's grub-core/lib/envblk.c.
"""

from __future__ import annotations

import re

SIGNATURE = "# GRUB Environment Block\n"

# A backslash keeps the next character from being read as the end of the value.
_ENTRY = re.compile(r"^([^#\n=][^\n=]*)=((?:\\.|[^\\\n])*)", re.MULTILINE | re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> dict[str, str]:
    """The variables of a block; none when it lacks its signature, as GRUB then reads none."""
    if not text.startswith(SIGNATURE):
        return {}
    return {name: _ESCAPE.sub(r"\1", value) for name, value in _ENTRY.findall(text)}
