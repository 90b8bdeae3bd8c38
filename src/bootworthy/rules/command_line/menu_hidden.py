"""The boot menu is where nobody can reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bootworthy.guest.facts.boot_loader import LoaderKind
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_DEFAULTS = "/etc/default/grub"
_TERMINALS = ("GRUB_TERMINAL", "GRUB_TERMINAL_OUTPUT")

# UEFI's own console is on Azure's serial port too; graphics are on no port.
_REACHABLE = ("serial", "console")


@rule(
    code="CMD-14",
    name="boot-menu-out-of-reach",
    severity=Severity.NOTE,
    why="Azure's serial console is the only way to another kernel when the first does not start.",
    when=(with_entries,),
    sources=(
        sources.SERIAL_CONSOLE_GRUB,
        sources.SERIAL_CONSOLE,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """GRUB is not told to draw graphics alone, nor to hide a menu that waits for no key."""
    loader = subject.linux.boot_loader
    if loader.kind is not LoaderKind.GRUB2:
        return
    for found, expected in _problems(loader.defaults):
        yield Violation(
            message="the boot menu cannot be reached over the serial console",
            place=Place(_DEFAULTS),
            found=found,
            expected=expected,
            fix=by_hand(f"set {expected} in {_DEFAULTS} and write the boot menu anew"),
        )


def _problems(defaults: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in _TERMINALS:
        told = defaults.get(name, "")
        if told and not any(word in told.split() for word in _REACHABLE):
            yield f"{name}={told}", f'{name}="console serial"'
    hidden = defaults.get("GRUB_TIMEOUT_STYLE") == "hidden"
    if hidden and defaults.get("GRUB_TIMEOUT") in ("0", "0.0"):
        yield "GRUB_TIMEOUT_STYLE=hidden, GRUB_TIMEOUT=0", "GRUB_TIMEOUT=5"
