"""Early user space is told to reach a network or a storage server of the old place."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.command_line.entries import unwanted_tokens, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# dracut.cmdline(7).
_STARTS = ("netroot=", "rd.iscsi.", "iscsi_", "rd.nvmf.", "fcoe=")
_ADDRESS = "ip="
_DYNAMIC = ("dhcp", "on", "any", "auto", "auto6", "dhcp6", "either6", "off", "none")


@rule(
    code="INIT-09",
    name="initramfs-waits-for-network",
    severity=Severity.NOTE,
    why="The boot waits, for minutes or for ever, for what only the old network had.",
    when=(with_entries,),
    sources=("https://man7.org/linux/man-pages/man7/dracut.cmdline.7.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No entry has a root on the network, or a fixed address for early user space."""
    message = "{} belongs to the old machine's network"
    yield from unwanted_tokens(subject, _is_unwanted, message)


def _is_unwanted(word: str) -> bool:
    if word.startswith(_ADDRESS):
        # ip=METHOD or ip=INTERFACE:METHOD; everything longer is a fixed address.
        return word[len(_ADDRESS) :].rpartition(":")[2] not in _DYNAMIC
    return word.startswith(_STARTS)
