"""What a machine says on its serial port, as plain text, with the moments it said it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# CSI and OSC sequences, then two-byte escapes (ECMA-48 §5.3, §5.4); firmware uses them all.
_ESCAPES = re.compile(
    rb"\x1b\[[0-9;?=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\^_=>78c()][0-9A-Z]?"
)
# No sequence that firmware or systemd writes is longer.
_LONGEST_ESCAPE = 64

MILESTONES = {
    "firmware": re.compile(r"SeaBIOS|BdsDxe"),
    "boot loader": re.compile(r"GRUB loading|Welcome to GRUB|GNU GRUB|Booting `"),
    "kernel": re.compile(r"Linux version \d"),
    "init": re.compile(r"systemd\[1\]: |Welcome to [^G\s]"),
    "login": re.compile(r"\blogin: "),
}
"""Stages of a boot in their order, and what shows that each was reached."""

DEAD_ENDS = {
    "the firmware found nothing to boot": re.compile(
        r"No bootable device|BdsDxe: No bootable option or device was found"
    ),
    "the firmware fell into its shell": re.compile(r'"EFI Internal Shell"|UEFI Interactive Shell'),
    "GRUB found no configuration": re.compile(r"^grub> ", re.MULTILINE),
    "GRUB found no modules": re.compile(r"grub rescue> "),
    "the kernel panicked": re.compile(r"Kernel panic - not syncing[^\n]*"),
    "the initramfs found no root file system": re.compile(
        r"^\(initramfs\) |Gave up waiting for root|dracut:/# ", re.MULTILINE
    ),
    "systemd gave up in emergency mode": re.compile(
        r"You are in emergency mode|Give root password for maintenance|Entering emergency mode"
    ),
}
"""What never comes to a login, and how each says so."""


@dataclass
class Console:
    """The text so far; ``timings`` holds seconds from power-on to each milestone."""

    text: str = ""
    timings: dict[str, float] = field(default_factory=dict)
    _pending: bytes = b""

    def feed(self, data: bytes, seconds: float) -> None:
        """Take what the machine wrote until ``seconds`` after power-on."""
        data = self._pending + data
        whole = _whole_escapes(data)
        self._pending = data[whole:]
        plain = _ESCAPES.sub(b"", data[:whole]).replace(b"\r", b"").replace(b"\0", b"")
        start = max(0, len(self.text) - 80)
        self.text += plain.decode(errors="replace")
        for name, pattern in MILESTONES.items():
            if name not in self.timings and pattern.search(self.text, start):
                self.timings[name] = round(seconds, 1)

    def dead_end(self, start: int = 0) -> str | None:
        """Why no login will come, in one sentence, if the text since ``start`` says so."""
        for reason, pattern in DEAD_ENDS.items():
            found = pattern.search(self.text, start)
            if found:
                return f"{reason}: {found.group().strip()}"
        return None


def _whole_escapes(data: bytes) -> int:
    """How many bytes can be read now; the rest may be half an escape sequence."""
    last = data.rfind(b"\x1b")
    if last < 0 or len(data) - last > _LONGEST_ESCAPE:
        return len(data)
    return len(data) if _ESCAPES.match(data, last) else last
