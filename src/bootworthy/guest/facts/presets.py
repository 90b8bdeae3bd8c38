"""What the first boot of a guest would enable: systemd.preset(5)."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

_DIRECTORIES = (
    "/etc/systemd/system-preset",
    "/run/systemd/system-preset",
    "/usr/local/lib/systemd/system-preset",
    "/usr/lib/systemd/system-preset",
    "/lib/systemd/system-preset",
)


@dataclass(frozen=True, slots=True)
class PresetLine:
    """One line of a preset file: what it does to the units that match ``pattern``."""

    enables: bool
    pattern: str
    place: Place


def decide(tree: Tree, name: str) -> PresetLine | None:
    """The first line that matches a unit's name, None when only the default would apply."""
    return next((line for line in _lines(tree) if fnmatch.fnmatchcase(name, line.pattern)), None)


def _lines(tree: Tree) -> Iterator[PresetLine]:
    files: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for path in tree.glob(posixpath.join(directory, "*.preset")):
            files.setdefault(posixpath.basename(path), path)
    for name in sorted(files):
        yield from _parse(_text(tree, files[name]), files[name])


def _text(tree: Tree, path: str) -> str:
    try:
        return read_configuration(tree, path) or ""
    except GuestError:
        return ""  # systemd skips it as well


def _parse(text: str, path: str) -> Iterator[PresetLine]:
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if len(words) > 1 and words[0] in ("enable", "disable"):
            yield PresetLine(words[0] == "enable", words[1], Place(path, number))
