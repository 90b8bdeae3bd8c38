"""What rules about the kernel command line share: which entries count, how one is quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.facts.boot_loader import BootEntry, BootLoader
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import NotCheckedError
from bootworthy.rules.subject import Subject

# GRUB manual, "Simple configuration handling".
_DEFAULTS = "/etc/default/grub"
_VARIABLES = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")


def with_entries(subject: Subject) -> str:
    """A condition: the boot loader's configuration was found and has entries.

    Raises:
        NotCheckedError: the guest has a kernel, and its boot loader's entries cannot be read.
    """
    if reason := with_kernels(subject):
        return reason
    loader = subject.linux.boot_loader
    if not loader.entries:
        where = f"{loader.path}: " if loader.path else ""
        raise NotCheckedError(where + (loader.problem or "no boot entries were found"))
    return ""


def place_of(entry: BootEntry) -> Place:
    """Where an entry stands."""
    return Place(entry.path, entry.line, entry.title)


def line_of(entry: BootEntry) -> str:
    """The command line as it stands."""
    return " ".join(entry.arguments)


def add(*tokens: str) -> Fix:
    """A fix that adds arguments to every entry, and to those of later kernels."""
    return Fix(title=f"add {' '.join(tokens)}", steps=(SetKernelArguments(add=tokens),))


def drop(*tokens: str) -> Fix:
    """A fix that takes arguments out of every entry, and of those of later kernels."""
    return Fix(title=f"drop {' '.join(tokens)}", steps=(SetKernelArguments(remove=tokens),))


def missing_token(
    subject: Subject, is_there: Callable[[BootEntry], bool], token: str, message: str
) -> Iterator[Violation]:
    """One violation for all entries where ``is_there`` is False; the first one is the place."""
    without = [entry for entry in subject.linux.boot_loader.entries if not is_there(entry)]
    if without:
        yield violation(without, message, expected=token, fix=add(token))


def console_not_last(subject: Subject, device: str) -> Iterator[Violation]:
    """One violation for all entries whose last ``console=``, /dev/console, is not ``device``."""
    entries = subject.linux.boot_loader.entries
    without = [entry for entry in entries if not _ends_on(entry, device)]
    if not without:
        return
    values = (value for entry in without for value in entry.values("console"))
    present = tuple(
        dict.fromkeys(f"console={value}" for value in values if _device(value) == device)
    )
    token = present[-1] if present else f"console={device}"
    # A token that is taken off and put back moves to the end of the line.
    step = SetKernelArguments(add=(token,), remove=present)
    yield violation(
        without,
        "the serial console is not the kernel's console",
        expected=f"{token}, behind every other console=",
        fix=Fix(title=f"put {token} last", steps=(step,)),
    )


def _ends_on(entry: BootEntry, device: str) -> bool:
    consoles = entry.values("console")
    return bool(consoles) and _device(consoles[-1]) == device


def _device(console: str) -> str:
    return console.split(",", 1)[0]


def unwanted_tokens(
    subject: Subject, is_unwanted: Callable[[str], bool], message: str
) -> Iterator[Violation]:
    """One violation for all entries, and the defaults of later ones, with unwanted arguments.

    The first entry is the place; ``message`` has ``{}`` where the arguments go.
    """
    loader = subject.linux.boot_loader
    having = [entry for entry in loader.entries if any(map(is_unwanted, entry.arguments))]
    words = [word for entry in having for word in entry.arguments]
    later = default_arguments(loader)
    if tokens := tuple(dict.fromkeys(filter(is_unwanted, (*words, *later)))):
        yield Violation(
            message=message.format(" ".join(tokens)),
            place=place_of(having[0]) if having else Place(_DEFAULTS),
            found=line_of(having[0]) if having else " ".join(later),
            expected=f"no {', '.join(tokens)}",
            fix=drop(*tokens),
            related=tuple(map(place_of, having[1:])),
        )


def default_arguments(loader: BootLoader) -> tuple[str, ...]:
    """What the next generated configuration will give a normal entry, as its defaults have it."""
    return kernel_arguments.split(" ".join(loader.defaults.get(name, "") for name in _VARIABLES))


def violation(
    entries: Sequence[BootEntry],
    message: str,
    *,
    expected: str,
    fix: Fix,
    severity: Severity | None = None,
) -> Violation:
    """One violation that several entries share: the first is its place."""
    return Violation(
        message=message,
        place=place_of(entries[0]),
        found=line_of(entries[0]),
        expected=expected,
        fix=fix,
        severity=severity,
        related=tuple(map(place_of, entries[1:])),
    )
