"""Words of an nftables script, as src/scanner.l of nftables cuts them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.model.finding import Place

# Comments, continued lines and blanks come first, for nothing is made of them.
_TOKEN = re.compile(
    r"(?P<nothing>#[^\n]*|\\\n|[ \t\r\f]+)"
    r'|"(?P<quoted>[^"\n]*)"'
    r"|(?P<sign>!=|==|<=|>=|[{}(),;=<>|&!\n])"
    r"|(?P<word>[^\s\"{}(),;=<>|&!#\\]+)"
    r"|(?P<odd>.)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A word, a sign or a quoted text without its quotes."""

    text: str
    place: Place
    quoted: bool = False

    @property
    def ends_statement(self) -> bool:
        """Whether it is what parts statements."""
        return not self.quoted and self.text in (";", "\n")


def scan(text: str, path: str) -> Iterator[Token]:
    """The tokens of a file."""
    line = 1
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        if kind != "nothing":
            yield Token(found[kind], Place(path, line), kind == "quoted")
        line += found[0].count("\n")
