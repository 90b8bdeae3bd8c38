"""The boot menu is where nobody can reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bootworthy.guest.facts.boot_loader import LoaderKind
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.intent import Generation
from bootworthy.model.steps import SetKernelArguments, SetKeys
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import with_entries
from bootworthy.rules.command_line.grub_defaults import file_of
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# grub-mkconfig: the first of these that is set decides.
_TERMINALS = ("GRUB_TERMINAL", "GRUB_TERMINAL_OUTPUT")

# UEFI's own console is on Azure's serial port too; graphics are on no port.
_REACHABLE = ("serial", "console")

# Without it GRUB's serial terminal has 9600 bits a second; Azure's console and Linux have this.
_SERIAL_COMMAND = "GRUB_SERIAL_COMMAND"
_SERIAL_PORT = "serial --speed=115200 --unit=0 --word=8 --parity=no --stop=1"

_STYLE, _TIMEOUT = "GRUB_TIMEOUT_STYLE", "GRUB_TIMEOUT"

# Time for a person to press a key; CMD-15 asks for as much.
_SECONDS = "5"


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
    guest = subject.linux
    if guest.boot_loader.kind is not LoaderKind.GRUB2:
        return
    for found, settings in _problems(subject, guest.boot_loader.defaults):
        decides = next(iter(found))
        path = file_of(guest.tree, decides)
        yield Violation(
            message="the boot menu cannot be reached over the serial console",
            place=Place(path),
            found=_shown(found),
            expected=_shown(settings),
            fix=Fix(
                title="let the boot menu be on the serial console, and wait for a key",
                steps=(
                    SetKeys(path=path, settings=tuple(settings.items())),
                    SetKernelArguments(variables=tuple(settings)),
                ),
            ),
        )


def _problems(
    subject: Subject, defaults: Mapping[str, str]
) -> Iterator[tuple[Mapping[str, str], Mapping[str, str]]]:
    """What is set, the setting that decides first, and what to set instead."""
    name = next((name for name in _TERMINALS if defaults.get(name)), None)
    if name and not set(defaults[name].split()) & set(_REACHABLE):
        yield {name: defaults[name]}, _terminals(subject, defaults)
    if defaults.get(_STYLE) == "hidden" and defaults.get(_TIMEOUT) in ("0", "0.0"):
        yield {_TIMEOUT: defaults[_TIMEOUT], _STYLE: "hidden"}, {_TIMEOUT: _SECONDS}


def _terminals(subject: Subject, defaults: Mapping[str, str]) -> Mapping[str, str]:
    """A BIOS has the serial port besides its console; the console of UEFI is on it already."""
    if Generation.BIOS not in subject.generations:
        return {"GRUB_TERMINAL": "console"}
    command = defaults.get(_SERIAL_COMMAND) or _SERIAL_PORT
    return {"GRUB_TERMINAL": "console serial", _SERIAL_COMMAND: command}


def _shown(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())
