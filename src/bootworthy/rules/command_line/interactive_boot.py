"""The boot stops to be talked to, and nobody can."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.model.finding import Fix, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import drop, violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# init(8), systemd(1), kernel-command-line(7), dracut.cmdline(7), initramfs-tools(7).
_WORDS = frozenset(
    (
        *("1", "S", "-b", "break", "emergency", "rd.break", "rescue", "s", "single"),
        "systemd.confirm_spawn",
    )
)
_STARTS = (
    "break=",
    "rd.break=",
    "rd.systemd.unit=emergency",
    "rd.systemd.unit=rescue",
    "systemd.unit=emergency",
    "systemd.unit=rescue",
)
_INIT = ("init", "rdinit")
_SHELLS = frozenset(("ash", "bash", "busybox", "dash", "ksh", "sh", "sulogin", "zsh"))
_OFF = ("0", "f", "false", "n", "no", "off")


@rule(
    code="CMD-16",
    name="interactive-boot",
    severity=Severity.ERROR,
    why="The machine waits for a person on its console until Azure gives up provisioning.",
    when=(with_entries,),
    sources=(sources.PROVISIONING_ERRORS, sources.KERNEL_PARAMETERS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The default entry boots to the end."""
    entries = subject.linux.boot_loader.entries
    for entry in entries:
        tokens = tuple(dict.fromkeys(filter(_stops, entry.arguments)))
        if entry.default and tokens:
            yield violation(
                [entry],
                f"the boot entry that starts by itself stops: {' '.join(tokens)}",
                expected=f"no {', '.join(tokens)}",
                fix=_fix(entries, tokens),
            )


def _fix(entries: tuple[BootEntry, ...], tokens: tuple[str, ...]) -> Fix:
    """Arguments are dropped everywhere: not when another entry is the one to start."""
    if any(not any(map(_stops, entry.arguments)) for entry in entries):
        return by_hand("make an entry that boots to the end the default: GRUB_DEFAULT, update-grub")
    return drop(*tokens)


def _stops(word: str) -> bool:
    name, equals, value = word.partition("=")
    if name in _INIT:
        return posixpath.basename(value) in _SHELLS
    if name == "systemd.confirm_spawn" and equals:
        return value.lower() not in _OFF
    return word in _WORDS or word.startswith(_STARTS)
