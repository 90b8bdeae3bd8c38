"""What rules about the kernel command line share: which entries count, how one is quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.subject import Subject


def with_entries(subject: Subject) -> str:
    """A condition: the boot loader's configuration was found and has entries."""
    if subject.guest is None:
        return "there is no guest"
    loader = subject.guest.boot_loader
    if loader.problem:
        return f"{loader.path}: {loader.problem}"
    return "" if loader.entries else "no boot entries were found"


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
        yield _missing(without, token, message, add(token))


def _missing(without: list[BootEntry], token: str, message: str, fix: Fix) -> Violation:
    return Violation(
        message=message,
        place=place_of(without[0]),
        found=line_of(without[0]),
        expected=token,
        fix=fix,
        related=tuple(place_of(entry) for entry in without[1:]),
    )


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
    fix = Fix(title=f"put {token} last", steps=(step,))
    yield _missing(without, token, "the serial console is not the kernel's console", fix)


def _ends_on(entry: BootEntry, device: str) -> bool:
    consoles = entry.values("console")
    return bool(consoles) and _device(consoles[-1]) == device


def _device(console: str) -> str:
    return console.split(",", 1)[0]


def unwanted_tokens(
    subject: Subject, is_unwanted: Callable[[str], bool], message: str, severity: Severity | None
) -> Iterator[Violation]:
    """One violation for all entries with unwanted arguments; the first one is the place."""
    entries = subject.linux.boot_loader.entries
    hit = [entry for entry in entries if any(map(is_unwanted, entry.arguments))]
    if not hit:
        return
    tokens = tuple(
        dict.fromkeys(word for entry in hit for word in entry.arguments if is_unwanted(word))
    )
    yield Violation(
        message=message.format(" ".join(tokens)),
        place=place_of(hit[0]),
        found=line_of(hit[0]),
        expected=f"no {', '.join(tokens)}",
        fix=drop(*tokens),
        severity=severity,
        related=tuple(place_of(entry) for entry in hit[1:]),
    )
