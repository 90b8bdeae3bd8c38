"""The line that loads an initramfs, put into boot entries that have none; the rest byte for byte.

Each function asks ``image_of`` with the kernel's path as the entry has it; it answers with the path
to write, or None where the entry is to stay as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from bootworthy.guest.facts.boot_loaders import grub_script
from bootworthy.guest.facts.boot_loaders.grub_script import Command, Statement

ImageOf = Callable[[str], str | None]

# The command that goes with each way to start Linux (GRUB manual, "Commands").
_GRUB = {"linux": "initrd", "linux16": "initrd16", "linuxefi": "initrdefi"}

_KEY = re.compile(r"^([ \t]*)([^\s=]+)[ \t=]+(?:--\S+[ \t]+)*(\S+)")


def into_grub_script(text: str, image_of: ImageOf) -> str:
    """Behind each command that starts Linux and is followed by no initrd."""
    places: list[tuple[int, str]] = []
    for command in _without_initrd(grub_script.parse(text).statements):
        word = command.words[0]
        name = _GRUB.get(word.raw)
        if name and len(command.words) > 1 and (image := image_of(command.words[1].raw)):
            begin = text.rfind("\n", 0, command.words[0].end) + 1
            blank = text[begin : len(text) - len(text[begin:].lstrip(" \t"))]
            places.append((command.words[-1].end, f"\n{blank}{name}\t{image}"))
    for position, line in sorted(places, reverse=True):
        text = text[:position] + line + text[position:]
    return text


def _without_initrd(statements: tuple[Statement, ...]) -> Iterator[Command]:
    """Those of one entry in order; a block is an entry of its own."""
    last: Command | None = None
    for command in grub_script.commands(statements):
        if command.starts_linux:
            if last:
                yield last
            last = command
        elif command.words and command.words[0].raw in _GRUB.values():
            last = None
        if command.block:
            yield from _without_initrd(command.block)
    if last:
        yield last


def into_specification(text: str, image_of: ImageOf) -> str:
    """Behind the kernel of a file of the Boot Loader Specification."""
    return _into_lines(text, ("linux",), (), image_of)


def into_extlinux(text: str, image_of: ImageOf) -> str:
    """Behind the kernel of each label of an extlinux menu."""
    return _into_lines(text, ("linux", "kernel"), ("label",), image_of)


def into_grub_legacy(text: str, image_of: ImageOf) -> str:
    """Behind the kernel of each title of a menu.lst."""
    return _into_lines(text, ("kernel",), ("title",), image_of)


def _into_lines(
    text: str, kernels: tuple[str, ...], begins: tuple[str, ...], image_of: ImageOf
) -> str:
    """``begins`` are the words that a new entry starts with; none for a file of one entry."""
    lines = text.split("\n")
    added: dict[int, str] = {}
    for numbers in _entries(lines, begins):
        keys = {number: found for number in numbers if (found := _KEY.match(lines[number]))}
        if any(map(_has_initrd, keys.values())):
            continue
        for number, found in keys.items():
            if found[2].lower() in kernels and (image := image_of(found[3])):
                word = "INITRD" if found[2].isupper() else "initrd"
                added[number] = f"{found[1]}{word} {image}"
    return "\n".join(
        part
        for number, line in enumerate(lines)
        for part in ((line, added[number]) if number in added else (line,))
    )


def _has_initrd(line: re.Match[str]) -> bool:
    return line[2].lower() == "initrd" or "initrd=" in line.string


def _entries(lines: list[str], begins: tuple[str, ...]) -> Iterator[range]:
    """The lines of each entry, by number."""
    words = [line.split(maxsplit=1)[:1] for line in lines]
    first = [number for number, word in enumerate(words) if word and word[0].lower() in begins]
    starts = [0, *first, len(lines)]
    yield from (range(start, end) for start, end in pairwise(starts))
