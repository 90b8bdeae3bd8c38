"""The tables, chains and sets that an nftables script leaves behind."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from bootworthy.guest.facts.nftables.scanner import Token, scan
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place

Statement: TypeAlias = tuple[Token, ...]

_FAMILIES = frozenset(("ip", "ip6", "inet", "arp", "bridge", "netdev"))
_DEFAULT_FAMILY = "ip"

# include/nftables.h, MAX_INCLUDE_DEPTH; the rest is far above what people write.
_MAX_DEPTH = 16
_MAX_FILES = 64
_MAX_TOKENS = 500_000


@dataclass
class Chain:
    """A chain; ``hook`` is empty for one that others jump to. ``place`` is where it gets its hook.

    ``kind`` is filter, nat or route.
    """

    family: str
    table: str
    name: str
    place: Place
    kind: str = ""
    hook: str = ""
    policy: str = "accept"
    rules: list[Statement] = field(default_factory=list)


@dataclass(frozen=True)
class Problem:
    """What was not understood, and where it stands."""

    place: Place
    text: str


Key: TypeAlias = tuple[str, str, str]
"""Family, table and name."""


@dataclass
class Ruleset:
    """What is in force once the script was carried out.

    ``sets`` holds the elements of named sets and maps; one that is filled later has None.
    """

    chains: dict[Key, Chain] = field(default_factory=dict)
    sets: dict[Key, tuple[Statement, ...] | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def drop_table(self, family: str, table: str) -> None:
        """Forget a table with all that is in it."""
        self.chains = {key: one for key, one in self.chains.items() if key[:2] != (family, table)}
        self.sets = {key: one for key, one in self.sets.items() if key[:2] != (family, table)}

    def empty_table(self, family: str, table: str) -> None:
        """Forget the rules of a table; its chains and sets stay."""
        for key, chain in self.chains.items():
            if key[:2] == (family, table):
                chain.rules.clear()


def read(tree: Tree, path: str) -> Ruleset:
    """The ruleset of the script at ``path`` with what it includes.

    Raises:
        GuestError: a file of it is not text, or is too large for one.
    """
    reader = _Reader(tree)
    reader.file(path, 0)
    return reader.ruleset


class _Tokens:
    """The tokens of one file, and how far they were read."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def is_at(self, sign: str) -> bool:
        token = self.peek()
        return token is not None and not token.quoted and token.text == sign

    def take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def more(self) -> bool:
        """Whether another statement follows; the ends of those before it are passed over."""
        while (token := self.peek()) and token.ends_statement:
            self._at += 1
        return token is not None

    def more_inside(self) -> bool:
        """The same, of the block that is open."""
        return self.more() and not self.is_at("}")

    def head(self) -> Statement:
        """What stands before a block, or before the end of the statement."""
        start = self._at
        while (token := self.peek()) and not token.ends_statement:
            if self.is_at("{") or self.is_at("}"):
                break
            self._at += 1
        return tuple(self._tokens[start : self._at])

    def statement(self) -> Statement:
        """A whole statement, blocks within it included and their line ends left out."""
        depth = 0
        found: list[Token] = []
        while (token := self.peek()) is not None:
            if depth == 0 and (token.ends_statement or self.is_at("}")):
                break
            depth += (self.is_at("{")) - (self.is_at("}"))
            self._at += 1
            if token.text != "\n":
                found.append(token)
        return tuple(found)


class _Reader:
    """Carries out the commands of a script in order."""

    def __init__(self, tree: Tree) -> None:
        self.ruleset = Ruleset()
        self._tree = tree
        self._variables: dict[str, Statement] = {}
        self._files = 0
        self._tokens = 0

    def file(self, path: str, depth: int) -> None:
        """Carry out the commands of one file."""
        self._files += 1
        if depth > _MAX_DEPTH or self._files > _MAX_FILES:
            self._refuse(Place(path), "too many files are included")
            return
        tokens = _Tokens(self._counted(scan(read_configuration(self._tree, path) or "", path)))
        while tokens.more():
            self._command(tokens, depth)

    def _counted(self, tokens: Iterable[Token]) -> list[Token]:
        found = []
        for token in tokens:
            self._tokens += 1
            if self._tokens > _MAX_TOKENS:
                self._refuse(token.place, "it is longer than any ruleset")
                break
            found.append(token)
        return found

    def _refuse(self, place: Place, text: str) -> None:
        self.ruleset.problems.append(Problem(place, text))

    def _command(self, tokens: _Tokens, depth: int) -> None:
        """One command of the outermost level."""
        head = tokens.head()
        words = [token.text for token in head]
        match words:
            case ["include", pattern]:
                self._include(pattern, head[0].place, depth)
            case ["define" | "redefine", name, "=", *_]:
                self._variables[name] = (*head[3:], *tokens.statement())
            case ["flush", "ruleset"]:
                self.ruleset.chains.clear()
                self.ruleset.sets.clear()
            case ["delete" | "destroy", "table", *rest]:
                self.ruleset.drop_table(*_named(rest, 1))
            case ["flush", "table", *rest]:
                self.ruleset.empty_table(*_named(rest, 1))
            case ["table", *rest] | ["add" | "create", "table", *rest]:
                self._table(tokens, rest, head[0].place)
            case ["add" | "create", "chain", *rest]:
                self._chain(tokens, _named(rest, 2), head[0].place)
            case ["add" | "insert", "rule", *_]:
                self._rule((*head, *tokens.statement()))
            case _:
                self._skip(tokens, head)

    def _skip(self, tokens: _Tokens, head: Statement) -> None:
        place = head[0].place if head else tokens.take().place
        tokens.statement()
        self._refuse(place, " ".join(token.text for token in head) or "a block without a name")

    def _include(self, pattern: str, place: Place, depth: int) -> None:
        # Names without a folder at their front are looked for in /etc (nft(8), INCLUDE FILES).
        paths = self._tree.glob(posixpath.join("/etc", pattern))
        if not paths and not set("*?[") & set(pattern):
            self._refuse(place, f"{pattern} is not there")
        for path in paths:
            self.file(path, depth + 1)

    def _table(self, tokens: _Tokens, words: list[str], place: Place) -> None:
        family, table = _named(words, 1)
        if not tokens.is_at("{"):
            return
        tokens.take()
        while tokens.more_inside():
            self._in_table(tokens, (family, table))
        if tokens.peek() is None:
            self._refuse(place, f"the block of {table} never ends")
        else:
            tokens.take()

    def _in_table(self, tokens: _Tokens, owner: tuple[str, str]) -> None:
        head = tokens.head()
        words = [token.text for token in head]
        match words:
            case ["chain", name]:
                self._chain(tokens, (*owner, name), head[0].place)
            case ["set" | "map", name]:
                self._set((*owner, name), tokens.statement())
            case ["include", pattern]:
                self._refuse(head[0].place, f"{pattern} is included inside a table")
            case ["define" | "redefine", name, "=", *_]:
                self._variables[name] = (*head[3:], *tokens.statement())
            case ["counter" | "quota" | "limit" | "flowtable" | "secmark" | "synproxy", _]:
                tokens.statement()
            case ["ct", "helper" | "timeout" | "expectation", _]:
                tokens.statement()
            case ["comment", _]:
                pass
            case _:
                self._skip(tokens, head)

    def _chain(self, tokens: _Tokens, key: tuple[str, ...], place: Place) -> None:
        family, table, name = key
        chain = self.ruleset.chains.setdefault(
            (family, table, name), Chain(family, table, name, place)
        )
        if not tokens.is_at("{"):
            return
        tokens.take()
        while tokens.more_inside():
            self._in_chain(chain, self._expanded(tokens.statement()))
        if tokens.peek() is None:
            self._refuse(place, f"the block of {name} never ends")
        else:
            tokens.take()

    def _in_chain(self, chain: Chain, statement: Statement) -> None:
        words = [token.text for token in statement]
        match words:
            case ["type", kind, "hook", hook, *_]:
                chain.kind, chain.hook, chain.place = kind, hook, statement[0].place
            case ["policy", policy]:
                chain.policy = policy
            case ["comment", _] | ["flags", *_] | ["devices" | "device", *_]:
                pass
            case _:
                chain.rules.append(statement)

    def _rule(self, statement: Statement) -> None:
        expanded = self._expanded(statement)
        words = [token.text for token in expanded[2:]]
        named = 2 + (words[:1] != [] and words[0] in _FAMILIES)
        family, table, name = _named(words[:named], 2)
        chain = self.ruleset.chains.get((family, table, name))
        body = expanded[2 + named :]
        if chain is None or (body and body[0].text in ("position", "index", "handle")):
            self._refuse(statement[0].place, " ".join(token.text for token in statement))
        elif statement[0].text == "insert":
            chain.rules.insert(0, body)
        else:
            chain.rules.append(body)

    def _set(self, key: Key, body: Statement) -> None:
        """The elements between the braces behind ``elements =``; None where there are none."""
        words = [token.text for token in self._expanded(body)]
        if "elements" not in words:
            self.ruleset.sets[key] = None
            return
        start = words.index("elements") + 2
        inner = _Tokens(list(self._expanded(body)[start:]))
        self.ruleset.sets[key] = elements(inner.statement())

    def _expanded(self, statement: Statement, depth: int = 0) -> Statement:
        """The statement with what its variables stand for."""
        found: list[Token] = []
        for token in statement:
            name = token.text[1:] if token.text.startswith("$") and not token.quoted else ""
            if name in self._variables and depth < _MAX_DEPTH:
                found += self._counted(self._expanded(self._variables[name], depth + 1))
            elif name:
                self._refuse(token.place, f"{token.text} is not defined")
            else:
                found.append(token)
        return tuple(found)


def elements(block: Statement) -> tuple[Statement, ...]:
    """The elements of a block in braces, or of a list without any; nested braces are opened."""
    found: list[list[Token]] = [[]]
    for token in block:
        if token.quoted or token.text not in ("{", "}", ","):
            found[-1].append(token)
        elif token.text == ",":
            found.append([])
    return tuple(tuple(one) for one in found if one)


def _named(words: list[str], count: int) -> tuple[str, ...]:
    """Family and ``count`` names; empty ones where the words do not hold them."""
    if words[:1] and words[0] in _FAMILIES and len(words) > count:
        family, names = words[0], words[1:]
    else:
        family, names = _DEFAULT_FAMILY, words
    return (family, *(names + [""] * count)[:count])
