"""interfaces(5) of ifupdown: stanzas read, and the first card made to take its address by DHCP."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bootworthy.guest.plain_text import corrupt, require_text

# What begins a stanza (ifupdown's config.c); ``allow-*`` does too. Everything else is an option
# of the stanza before it.
_KEYWORDS = frozenset(
    (
        "auto",
        "iface",
        "mapping",
        "no-auto-down",
        "no-scripts",
        "rename",
        "source",
        "source-dir",
        "source-directory",
        "template",
    )
)
_WITH_OPTIONS = frozenset(("iface", "mapping", "template"))
_AT_BOOT = frozenset(("auto", "allow-auto"))

# Azure's cards beside the first one; with net.ifnames=0 they are eth1, eth2 and so on.
_AZURE_CARD = re.compile(r"eth\d+", re.ASCII)
_DYNAMIC = frozenset((("inet", "dhcp"), ("inet6", "dhcp"), ("inet6", "auto")))

_LOOPBACK = "auto lo\niface lo inet loopback\n"


@dataclass(frozen=True, slots=True)
class Statement:
    """One logical line; ``first`` and ``end`` enclose its physical lines (0-based)."""

    words: tuple[str, ...]
    first: int
    end: int

    @property
    def keyword(self) -> str:
        """The first word."""
        return self.words[0]

    @property
    def line(self) -> int:
        """The number of its first line, from 1."""
        return self.first + 1


@dataclass(frozen=True, slots=True)
class Stanza:
    """A keyword's line with the option lines that belong to it."""

    head: Statement
    options: tuple[Statement, ...] = ()

    @property
    def name(self) -> str:
        """The interface of an ``iface`` stanza."""
        return self.head.words[1] if len(self.head.words) > 1 else ""

    @property
    def family(self) -> str:
        """The address family of an ``iface`` stanza: inet, inet6."""
        return self.head.words[2] if len(self.head.words) > 3 else ""  # noqa: PLR2004

    @property
    def method(self) -> str:
        """The method of an ``iface`` stanza: dhcp, static."""
        return self.head.words[3] if len(self.head.words) > 3 else ""  # noqa: PLR2004

    @property
    def is_loopback(self) -> bool:
        """Whether it configures the loopback."""
        return self.method == "loopback" or self.name.partition(":")[0] == "lo"

    def option(self, name: str) -> str:
        """The value of an option, empty when it is not given."""
        found = (o.words[1:] for o in self.options if o.keyword == name)
        return " ".join(next(found, ()))


class InterfacesFile:
    """A file of stanzas."""

    def __init__(self, text: str, path: str) -> None:
        """Parse ``text``; ``path`` is for messages.

        Raises:
            GuestError: ``guest-file-corrupt``, at an option that belongs to no stanza.
        """
        self._path = path
        self.lines = require_text(text, path).split("\n")
        self.stanzas: list[Stanza] = []
        for statement in self._statements():
            self._add(statement)

    def _statements(self) -> list[Statement]:
        found = []
        index = 0
        while index < len(self.lines):
            first = index
            parts = [self.lines[index]]
            index += 1
            if not parts[0].strip() or parts[0].lstrip().startswith("#"):
                continue
            while parts[-1].endswith("\\") and index < len(self.lines):
                parts[-1] = parts[-1][:-1]
                parts.append(self.lines[index])
                index += 1
            if words := tuple(" ".join(parts).split()):
                found.append(Statement(words, first, index))
        return found

    def _add(self, statement: Statement) -> None:
        keyword = statement.keyword
        if keyword in _KEYWORDS or keyword.startswith("allow-"):
            self.stanzas.append(Stanza(statement))
        elif self.stanzas and self.stanzas[-1].head.keyword in _WITH_OPTIONS:
            last = self.stanzas[-1]
            self.stanzas[-1] = Stanza(last.head, (*last.options, statement))
        else:
            raise corrupt(self._path, statement.line, f"{keyword[:40]!r} belongs to no stanza")

    @property
    def interfaces(self) -> list[Stanza]:
        """The ``iface`` stanzas, the loopback's left out."""
        found = (stanza for stanza in self.stanzas if stanza.head.keyword == "iface")
        return [stanza for stanza in found if stanza.name and not stanza.is_loopback]

    @property
    def started(self) -> list[str]:
        """Names and patterns that ``auto`` and ``allow-*`` lines bring up."""
        return [
            name for stanza in self.stanzas if _starts(stanza) for name in stanza.head.words[1:]
        ]

    @property
    def started_at_boot(self) -> list[str]:
        """Names and patterns that networking.service brings up, and waits for."""
        heads = (stanza.head for stanza in self.stanzas)
        return [name for head in heads if head.keyword in _AT_BOOT for name in head.words[1:]]


def use_dhcp(text: str, interface: str | None, *, path: str = "/etc/network/interfaces") -> str:
    """``text`` with ``interface`` configured by DHCP at boot, and no fixed address.

    Every machine on Azure has its first card; what needs the network then starts behind it.

    It takes the place of the first card; stanzas of others go, but for Azure's own further cards
    when they use DHCP. ``source`` lines, the loopback and comments stay. With None nothing is
    configured, as suits a file that another one includes.

    Raises:
        GuestError: ``guest-file-corrupt``, when ifupdown could not read it.
    """
    if interface is not None and not text.strip():
        text = _LOOPBACK
    file = InterfacesFile(text, path)
    kept = [stanza for stanza in file.interfaces if _may_stay(stanza, interface, file)]
    place = _place(file, interface, kept)
    return _printed(file, kept, interface, place)


def _may_stay(stanza: Stanza, interface: str | None, file: InterfacesFile) -> bool:
    if (stanza.family, stanza.method) not in _DYNAMIC or stanza.option("hwaddress"):
        return False
    if interface is None:
        return bool(_AZURE_CARD.fullmatch(stanza.name)) and stanza.name != "eth0"
    if stanza.name == interface:
        return stanza.family == "inet6" or interface in file.started_at_boot
    return bool(_AZURE_CARD.fullmatch(stanza.name))


def _place(file: InterfacesFile, interface: str | None, kept: list[Stanza]) -> Stanza | None:
    """The stanza that is replaced; None when one is right already, or there is none."""
    if interface is None or any(s.name == interface and s.family == "inet" for s in kept):
        return None
    named = [stanza for stanza in file.interfaces if stanza.name == interface]
    gone = [stanza for stanza in (*named, *file.interfaces) if stanza not in kept]
    return gone[0] if gone else None


def _printed(
    file: InterfacesFile, kept: list[Stanza], interface: str | None, place: Stanza | None
) -> str:
    right = interface is None or any(s.name == interface and s.family == "inet" for s in kept)
    names = {stanza.name for stanza in file.interfaces} - {stanza.name for stanza in kept}
    if interface and not right:
        names |= {interface, place.name if place else interface}
    lines: dict[int, str | None] = dict(enumerate(file.lines))
    for stanza in file.stanzas:
        if _starts(stanza):
            _put(lines, stanza.head, _without(stanza.head, names))
        elif stanza in file.interfaces and stanza not in kept:
            for statement in (stanza.head, *stanza.options):
                _put(lines, statement, [])
    if interface and not right:
        _write(lines, place.head.first if place else None, interface)
    return "\n".join(line for line in lines.values() if line is not None)


def _write(lines: dict[int, str | None], index: int | None, interface: str) -> None:
    wanted = f"auto {interface}\niface {interface} inet dhcp"
    if index is not None:
        lines[index] = wanted
    else:
        last = max(lines)
        lines[last] = "\n".join(filter(None, (lines[last], f"\n{wanted}\n")))


def _starts(stanza: Stanza) -> bool:
    return stanza.head.keyword == "auto" or stanza.head.keyword.startswith("allow-")


def _without(head: Statement, names: set[str]) -> list[str] | None:
    """The line without these names; None for no change."""
    left = [name for name in head.words[1:] if name not in names]
    if len(left) == len(head.words) - 1:
        return None
    return [" ".join((head.keyword, *left))] if left else []


def _put(lines: dict[int, str | None], statement: Statement, new: list[str] | None) -> None:
    if new is None:
        return
    for index in range(statement.first, statement.end):
        lines[index] = None
    if new:
        lines[statement.first] = new[0]
