"""The boot menu waits for a person."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.editors import loader_conf
from bootworthy.guest.facts.boot_loader import BootLoader, LoaderKind
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKernelArguments, SetKeys, Step, WriteFile
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import with_entries
from bootworthy.rules.command_line.grub_defaults import file_of
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_TIMEOUT = "GRUB_TIMEOUT"

# Azure shows the menu on its serial console for as long as this.
_SECONDS = "5"

# loader.conf(5).
_WAITS = "menu-force"


@rule(
    code="CMD-15",
    name="boot-menu-waits",
    severity=Severity.ERROR,
    why="GRUB_TIMEOUT=-1 and systemd-boot's menu-force show the menu until a key is pressed, and "
    "nobody is there to press one.",
    when=(with_entries,),
    sources=(
        "GNU GRUB manual, Simple configuration handling, GRUB_TIMEOUT",
        "https://www.freedesktop.org/software/systemd/man/loader.conf.html",
        sources.SERIAL_CONSOLE,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The menu starts its default entry by itself."""
    loader = subject.linux.boot_loader
    if loader.kind is LoaderKind.GRUB2 and loader.defaults.get(_TIMEOUT) == "-1":
        path = file_of(subject.linux.tree, _TIMEOUT)
        keys = SetKeys(path=path, settings=((_TIMEOUT, _SECONDS),))
        menu = SetKernelArguments(variables=(_TIMEOUT,))
        yield _violation(Place(path), f"{_TIMEOUT}={{}}", "-1", (keys, menu))
    elif loader.kind is LoaderKind.SYSTEMD_BOOT:
        yield from _of_systemd_boot(subject, loader)


def _of_systemd_boot(subject: Subject, loader: BootLoader) -> Iterator[Violation]:
    text = subject.linux.tree.text_or(loader.path)
    timeout = loader_conf.option(text, "timeout")
    if timeout and timeout.value == _WAITS:
        mended = loader_conf.set_option(text, "timeout", _SECONDS)
        step = WriteFile(path=loader.path, text=mended)
        yield _violation(Place(loader.path, timeout.line), "timeout {}", _WAITS, (step,))


def _violation(place: Place, setting: str, value: str, steps: tuple[Step, ...]) -> Violation:
    return Violation(
        message="the boot menu waits for a key for ever",
        place=place,
        found=setting.format(value),
        expected=setting.format(_SECONDS),
        fix=Fix(title="let the menu go on by itself", steps=steps),
    )
