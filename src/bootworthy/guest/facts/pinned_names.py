"""Interface names tied to one machine's hardware: udev rules, .link files, iftab."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.facts.network_stacks import networkd
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

_IFTAB = "/etc/iftab"
_RULE_DIRECTORIES = ("/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
_GENERATOR = "75-persistent-net-generator.rules"

# udev(7): a rule that gives a card a name, told by what only one machine's card has.
_NAMES = re.compile(r"""\bNAME\s*:?=\s*"[^"]""")
_HARDWARE = re.compile(r"""\b(ATTRS?\{address\}|KERNELS|DEVPATH|ENV\{ID_PATH\}|ID)\s*==""")

# systemd.link(5), [Match]: what a card on another machine does not have.
_LINK_KEYS = ("MACAddress", "PermanentMACAddress", "Path")
_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class PinnedName:
    """A udev rule, .link file or iftab line that ties a name to one machine's hardware."""

    place: Place
    text: str


def read(tree: Tree) -> tuple[PinnedName, ...]:
    """All such names, and the rule file that would make new ones at the next boot."""
    return (*_rules(tree), *_generator(tree), *_links(tree), *_iftab(tree))


def _rules(tree: Tree) -> Iterator[PinnedName]:
    for path in tree.glob(f"{_RULE_DIRECTORIES[0]}/*.rules"):
        lines = dict(_content(tree, path))
        pins = [number for number, line in lines.items() if _is_pin(line)]
        # Other rules in a file of its own making are nothing to remove with it.
        if "persistent-net" in path or len(pins) == len(lines):
            yield from (_pin(path, number, lines[number]) for number in pins)


def _is_pin(line: str) -> bool:
    return bool(_NAMES.search(line) and _HARDWARE.search(line))


def _generator(tree: Tree) -> Iterator[PinnedName]:
    paths = (posixpath.join(directory, _GENERATOR) for directory in _RULE_DIRECTORIES)
    # The first of this name hides the others; a link to /dev/null is how it is switched off.
    path = next((path for path in paths if tree.is_link(path) or tree.is_file(path)), None)
    if path and not networkd.is_mask(tree, path):
        yield PinnedName(place=Place(path), text="writes 70-persistent-net.rules at boot")


def _links(tree: Tree) -> Iterator[PinnedName]:
    for path in networkd.paths(tree, ".link"):
        file = networkd.parse(tree, path)
        if file is None or not path.startswith("/etc/"):
            continue
        for entry in file.entries:
            if entry.section == "Match" and entry.key in _LINK_KEYS and entry.value:
                yield _pin(path, entry.line, f"{entry.key}={entry.value}")


def _iftab(tree: Tree) -> Iterator[PinnedName]:
    yield from (_pin(_IFTAB, number, line) for number, line in _content(tree, _IFTAB))


def _pin(path: str, line: int, text: str) -> PinnedName:
    return PinnedName(place=Place(path, line), text=text[:_SHOWN])


def _content(tree: Tree, path: str) -> Iterator[tuple[int, str]]:
    """Lines that are no comments, with those that continue them, by the number of the first."""
    try:
        text = read_configuration(tree, path) or ""
    except GuestError:
        return  # udev passes over what is not text
    start, parts = 1, [""]
    for number, line in enumerate(text.split("\n"), 1):
        if parts == [""]:
            start = number
        parts.append(line.strip().removesuffix("\\"))
        if line.rstrip().endswith("\\"):
            continue
        whole = " ".join(filter(None, parts))
        parts = [""]
        if whole and not whole.startswith("#"):
            yield start, whole
