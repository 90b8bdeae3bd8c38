"""The kernel arguments in boot menus that are not scripts, everything else byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bootworthy.guest.editors import kernel_arguments

# For each format: what stands before the arguments on their line.
_OPTIONS = re.compile(r"^(\s*options\s+)(.*)$")
_APPEND = re.compile(r"^(\s*append\s+)(.*)$", re.IGNORECASE)
_KERNEL = re.compile(r"^(\s*kernel(?:\s*=\s*|\s+)(?:--\S+\s+)*\S+)(.*)$")
_HAS_KERNEL_OPTIONS = re.compile(r"\$(?:kernelopts\b|\{kernelopts\})", re.ASCII)

# Debian's update-grub of GRUB legacy makes its entries from these comments.
_TEMPLATE = re.compile(r"^(# kopt=)(.*)$")

# What makes an entry one for repair keeps it one.
_REPAIR = frozenset({"single", "1", "S", "s", "emergency"})


def change_specification(text: str, *, add: Iterable[str], remove: Iterable[str]) -> str:
    """A file of the Boot Loader Specification: its last ``options`` line gets what is added.

    An entry whose arguments are ``$kernelopts`` gets nothing: they stand in GRUB's environment.
    """
    lines = text.split("\n")
    wanted = () if uses_environment(text) else tuple(add)
    unwanted = tuple(remove)
    places = [number for number, line in enumerate(lines) if _OPTIONS.match(line)]
    if not places and wanted:
        lines.insert(_after_linux(lines), f"options {' '.join(wanted)}")
        return "\n".join(lines)
    for number in places:
        more = wanted if number == places[-1] else ()
        lines[number] = _changed(lines[number], _OPTIONS, more, unwanted)
    return "\n".join(lines)


def uses_environment(text: str) -> bool:
    """Whether an entry takes its arguments from ``kernelopts`` in grubenv (Red Hat 8)."""
    return any(
        _OPTIONS.match(line) and _HAS_KERNEL_OPTIONS.search(line) for line in text.split("\n")
    )


def _after_linux(lines: list[str]) -> int:
    starts = [number for number, line in enumerate(lines) if line.split()[:1] == ["linux"]]
    return starts[0] + 1 if starts else len(lines)


def change_extlinux(text: str, *, add: Iterable[str], remove: Iterable[str]) -> str:
    """Every ``APPEND`` line of an extlinux menu."""
    return _each_line(text, lambda line: _changed(line, _APPEND, tuple(add), tuple(remove)))


def change_grub_legacy(text: str, *, add: Iterable[str], remove: Iterable[str]) -> str:
    """Every ``kernel`` line of a menu.lst, and Debian's template of later ones."""
    wanted, unwanted = tuple(add), tuple(remove)
    others = tuple(token for token in unwanted if token not in _REPAIR)

    def change(line: str) -> str:
        repairs = bool(_REPAIR & set(line.split()))
        line = _changed(line, _KERNEL, wanted, others if repairs else unwanted)
        return _changed(line, _TEMPLATE, wanted, unwanted)

    return _each_line(text, change)


def _each_line(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(map(change, text.split("\n")))


def _changed(
    line: str, pattern: re.Pattern[str], add: tuple[str, ...], remove: tuple[str, ...]
) -> str:
    found = pattern.match(line)
    if found is None:
        return line
    head, old = found.groups()
    plain = old.lstrip(" \t")
    new = kernel_arguments.change(plain, add=add, remove=remove)
    if new == plain:
        return line
    blank = old[: len(old) - len(plain)] or ("" if head[-1] in " \t=" else " ")
    return head + blank + new
