"""The language of grub.cfg, read into commands with their place in the text.

Source: GRUB's grub-core/script/yylex.l and parser.y.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

_LINUX = frozenset({"linux", "linux16", "linuxefi"})

# Programs that are started as if they were Linux, and know none of its arguments.
_NOT_LINUX = re.compile(r"(?:.*/)?(?:memtest|memdisk|ipxe)[^/]*", re.IGNORECASE)

# Generated configurations nest five blocks deep.
_MAX_DEPTH = 50

_VARIABLE = r"\$(?:\{[^{}\n]*\}|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?#*@])"
_TOKEN = re.compile(
    rf"""
    (?P<blank> (?:[ \t] | \\\n)+ | \#[^\n]* )
    | (?P<end> \n | ;;? | \|\|? | &&? | [<>] )
    | (?P<open> \{{ )
    | (?P<close> \}} )
    | (?P<word> (?: [^{{}}|&$;<>\ \t\n'"\\]
                  | '[^']*'
                  | "(?:\\. | [^\\"])*"
                  | \\.
                  | {_VARIABLE}
                  | \$
               )+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(
    rf"""
    (?P<single> '[^']*' )
    | (?P<double> "(?:\\.|[^\\"])*" )
    | (?P<escape> \\. )
    | (?P<variable> {_VARIABLE} )
    | (?P<text> [^'"\\$]+ | \$ )
    """,
    re.VERBOSE | re.DOTALL,
)
_DOUBLE_QUOTED = re.compile(rf'\\(?P<escaped>[$\\"\n])|(?P<variable>{_VARIABLE})', re.DOTALL)


class GrubSyntaxError(Exception):
    """The text is no GRUB script; ``line`` (1-based) is where that showed."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")


class PartKind(Enum):
    """How a piece of a word is to be read."""

    TEXT = "text"
    VARIABLE = "variable"
    QUOTED_TEXT = "quoted text"
    QUOTED_VARIABLE = "quoted variable"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word: text with quotes and escapes resolved, or the name of a variable."""

    kind: PartKind
    text: str

    @property
    def is_variable(self) -> bool:
        """Whether ``text`` is the name of a variable."""
        return self.kind in (PartKind.VARIABLE, PartKind.QUOTED_VARIABLE)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command; ``start`` and ``end`` are its place in the text."""

    raw: str
    start: int
    line: int

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.start + len(self.raw)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its pieces."""
        return tuple(_parts(self.raw))


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command, with the block that menuentry and submenu take."""

    words: tuple[Word, ...]
    block: tuple[Statement, ...] | None = None

    @property
    def starts_linux(self) -> bool:
        """Whether it loads a Linux kernel."""
        named = len(self.words) > 1 and self.words[0].raw in _LINUX
        return named and _NOT_LINUX.fullmatch(self.words[1].raw) is None


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition and what is done when its last command succeeds."""

    condition: tuple[Statement, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class If:
    """``if``, every ``elif``, and ``else``."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """``while``, ``until`` or ``for``: its body only."""

    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its body is run when its name is."""

    name: str
    body: tuple[Statement, ...]


Statement: TypeAlias = Command | If | Loop | Function


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    word: Word


@dataclass(frozen=True)
class Script:
    """A configuration as far as it could be read; ``problem`` says where reading ended."""

    statements: tuple[Statement, ...]
    problem: str = ""


def parse(text: str) -> Script:
    """The commands in ``text``; never raises, see ``Script.problem``."""
    statements: list[Statement] = []
    try:
        parser = _Parser(text)
        while (statement := parser.statement()) is not None:
            statements.append(statement)
        parser.expect_end()
    except GrubSyntaxError as error:
        return Script(tuple(statements), str(error))
    return Script(tuple(statements))


def commands(statements: tuple[Statement, ...]) -> Iterator[Command]:
    """Every command in every branch, in the order of the text, but none in an entry's block."""
    for statement in statements:
        if isinstance(statement, Command):
            yield statement
        for inner in _inner(statement):
            yield from commands(inner)


def _inner(statement: Statement) -> list[tuple[Statement, ...]]:
    match statement:
        case Command():
            return []
        case If():
            parts = [part for b in statement.branches for part in (b.condition, b.body)]
            return [*parts, statement.otherwise]
    return [statement.body]


def _tokens(text: str) -> Iterator[_Token]:
    position, line = 0, 1
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise GrubSyntaxError("a quote is not closed", line)
        kind = found.lastgroup or ""
        if kind != "blank":
            yield _Token(kind, Word(found[0], position, line))
        line += found[0].count("\n")
        position = found.end()
    yield _Token("eof", Word("", position, line))


class _Parser:
    """Recursive descent, as deep as blocks may be nested."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._token = next(self._tokens)
        self._depth = 0

    def _next(self) -> _Token:
        token = self._token
        self._token = next(self._tokens, token)
        return token

    def _fail(self, message: str) -> GrubSyntaxError:
        return GrubSyntaxError(message, self._token.word.line)

    def _skip_ends(self) -> None:
        while self._token.kind == "end":
            self._next()

    def _at(self, *raws: str) -> bool:
        return self._token.kind == "word" and self._token.word.raw in raws

    def _expect(self, raw: str) -> None:
        self._skip_ends()
        if self._token.word.raw != raw:
            raise self._fail(f"{raw} is missing")
        self._next()

    def expect_end(self) -> None:
        """Raise unless everything was read."""
        if self._token.kind != "eof":
            raise self._fail(f"{self._token.word.raw} is out of place")

    def statement(self, *stops: str) -> Statement | None:
        """The next statement, None at the end of the block or before one of ``stops``."""
        self._skip_ends()
        if self._token.kind != "word" or self._at(*stops):
            return None
        compound = _COMPOUNDS.get(self._token.word.raw)
        if compound is None:
            return self._command()
        self._next()
        return compound(self)

    def block(self, *stops: str) -> tuple[Statement, ...]:
        """Statements up to one of ``stops`` or the end of the block, which is left there."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._fail(f"blocks are nested more than {_MAX_DEPTH} deep")
        found: list[Statement] = []
        while (statement := self.statement(*stops)) is not None:
            found.append(statement)
        self._depth -= 1
        return tuple(found)

    def _braces(self) -> tuple[Statement, ...]:
        self._expect("{")
        body = self.block()
        self._expect("}")
        return body

    def _command(self) -> Command:
        words = []
        while self._token.kind == "word":
            words.append(self._next().word)
        block = self._braces() if self._token.kind == "open" else None
        return Command(tuple(words), block)

    def if_clause(self) -> If:
        """What follows ``if``."""
        branches = []
        otherwise: tuple[Statement, ...] = ()
        while True:
            condition = self.block("then")
            self._expect("then")
            branches.append(Branch(condition, self.block("elif", "else", "fi")))
            if not self._at("elif"):
                break
            self._next()
        if self._at("else"):
            self._next()
            otherwise = self.block("fi")
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def loop(self) -> Loop:
        """What follows ``while``, ``until`` or ``for``."""
        self.block("do")
        self._expect("do")
        body = self.block("done")
        self._expect("done")
        return Loop(body)

    def function(self) -> Function:
        """What follows ``function``."""
        name = self._next().word.raw
        return Function(name, self._braces())


_COMPOUNDS: dict[str, Callable[[_Parser], Statement]] = {
    "if": _Parser.if_clause,
    "while": _Parser.loop,
    "until": _Parser.loop,
    "for": _Parser.loop,
    "function": _Parser.function,
}


def _parts(raw: str) -> Iterator[Part]:
    for found in _PART.finditer(raw):
        text = found[0]
        match found.lastgroup:
            case "single":
                yield Part(PartKind.QUOTED_TEXT, text[1:-1])
            case "double":
                yield from _double_quoted(text[1:-1])
            case "escape":
                yield Part(PartKind.QUOTED_TEXT, "" if text == "\\\n" else text[1])
            case "variable":
                yield Part(PartKind.VARIABLE, text[1:].strip("{}"))
            case _:
                yield Part(PartKind.TEXT, text)


def _double_quoted(text: str) -> Iterator[Part]:
    position = 0
    for found in _DOUBLE_QUOTED.finditer(text):
        yield Part(PartKind.QUOTED_TEXT, text[position : found.start()])
        if found["variable"]:
            yield Part(PartKind.QUOTED_VARIABLE, found["variable"][1:].strip("{}"))
        else:
            yield Part(PartKind.QUOTED_TEXT, found["escaped"].strip("\n"))
        position = found.end()
    yield Part(PartKind.QUOTED_TEXT, text[position:])
