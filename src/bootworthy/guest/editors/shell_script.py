"""Where a shell script assigns variables, found without running it.

Statements are told apart by the shell's own grammar (XCU 2.9, 2.10), as far as it takes to know
whether an assignment is carried out always or only under a condition.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace

from bootworthy.guest.editors.shell_words import NotShellError, word_end
from bootworthy.guest.plain_text import corrupt

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)
_COMMAND = re.compile(
    r"""[\w./+@%-]*[A-Za-z_][\w./+@%-]*|\.|:|\[\[?|"?\$.*""", re.ASCII | re.DOTALL
)
_CLOSERS = {
    "fi": ("if",),
    "done": ("while", "until", "for", "select"),
    "esac": ("case",),
    "}": ("{",),
}
_OPENERS = frozenset(opener for openers in _CLOSERS.values() for opener in openers)
_BEFORE_A_COMMAND = frozenset(("then", "do", "else", "elif"))
_DECLARATIONS = frozenset(("export", "readonly", "declare", "typeset", "local"))


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``NAME=value``; ``start`` and ``end`` enclose the value as written, ``line`` is 1-based.

    ``conditional`` is True inside a compound command and beside ``&&``, ``||``, ``|`` and ``&``.
    """

    name: str
    start: int
    end: int
    line: int
    appends: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """A statement that only a shell could carry out; ``text`` is its first line."""

    line: int
    text: str


class ShellScript:
    """The assignments and the other statements of a script, in order."""

    def __init__(self, text: str, path: str) -> None:
        """Scan ``text``; ``path`` is for messages.

        Raises:
            GuestError: ``guest-file-corrupt``, when no shell would read it.
        """
        self.assignments: list[Assignment] = []
        self.opaque: list[Opaque] = []
        self._text = text
        self._path = path
        self._position = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._blocks: list[tuple[str, int]] = []
        self._pending: list[Assignment] = []
        self._expects_command = True
        self._declares = False
        self._joined = False  # by &&, || or | to the command before
        self._saw_word = False
        self._scan()

    def _scan(self) -> None:
        try:
            while self._position < len(self._text):
                self._step()
        except NotShellError as error:
            raise self._corrupt(error.position, error.problem) from None
        self._end_command("\n")
        if self._blocks:
            word, position = self._blocks[-1]
            raise self._corrupt(position, f"a {word!r} that never ends")

    def _step(self) -> None:
        char = self._text[self._position]
        if char in " \t\r" or self._text.startswith("\\\n", self._position):
            self._position += 1 if char != "\\" else 2
        elif char == "#":
            end = self._text.find("\n", self._position)
            self._position = len(self._text) if end < 0 else end
        elif char in "\n;&|":
            self._operator()
        elif char in "()":
            self._bracket(char)
        elif char in "<>":
            self._redirection()
        else:
            self._word()

    def _operator(self) -> None:
        operator = self._text[self._position]
        if operator in "&|" and self._text.startswith(operator * 2, self._position):
            operator *= 2
        self._position += len(operator)
        self._end_command(operator)

    def _end_command(self, operator: str) -> None:
        unsure = bool(self._blocks) or self._joined or operator in ("|", "&")
        self.assignments += [replace(a, conditional=unsure) for a in self._pending]
        self._pending = []
        self._expects_command = True
        self._declares = False
        if operator != "\n" or self._saw_word:  # a newline behind ``&&`` does not end the list
            self._joined = operator in ("&&", "||", "|")
        self._saw_word = False

    def _bracket(self, char: str) -> None:
        self._end_command(";")
        if char == "(":
            self._open(char)
        elif self._blocks and self._blocks[-1][0] == "(":
            self._blocks.pop()
        elif not self._inside_case:
            raise self._corrupt(self._position, "a ')' without its '('")
        self._position += 1

    def _open(self, word: str) -> None:
        if not self._blocks:
            self._note_opaque(self._position)
        self._blocks.append((word, self._position))

    @property
    def _inside_case(self) -> bool:
        return any(word == "case" for word, _ in self._blocks)

    def _redirection(self) -> None:
        here = self._text[self._position : self._position + 2]
        if self._expects_command and re.match(r"<[A-Za-z!?/]", here):
            raise self._corrupt(self._position, "this is not a shell script")
        if here == "<<":
            # What follows may be a document: nothing in it can be told from commands.
            self._note_opaque(self._position)
            self._position = len(self._text)
            return
        self._position += 1

    def _word(self) -> None:
        start = self._position
        self._saw_word = True
        match = _ASSIGNMENT.match(self._text, start)
        if match and (self._expects_command or self._declares):
            self._assignment(match)
            return
        self._position = word_end(self._text, start)
        if self._expects_command:
            self._command(self._text[start : self._position], start)

    def _assignment(self, match: re.Match[str]) -> None:
        end = word_end(self._text, match.end())
        appends = bool(match[2])
        line = self._line(match.start())
        self._pending.append(Assignment(match[1], match.end(), end, line, appends))
        self._position = end

    def _command(self, word: str, start: int) -> None:
        if word == "!" or (word in _BEFORE_A_COMMAND and self._blocks):
            return
        self._expects_command = False
        if word in _DECLARATIONS:
            self._declares = True
        elif word in _CLOSERS:
            self._close(word, start)
        elif word in _OPENERS:
            self._open_word(word, start)
        else:
            self._simple_command(word, start)

    def _simple_command(self, word: str, start: int) -> None:
        if not self._inside_case and not _COMMAND.fullmatch(word):
            raise self._corrupt(start, f"{word[:40]!r} is no command: this is not a shell script")
        self._pending = []  # ``A=1 command`` sets A for that command alone
        if not self._blocks:
            self._note_opaque(start)

    def _open_word(self, word: str, start: int) -> None:
        if not self._blocks:
            self._note_opaque(start)
        self._blocks.append((word, start))
        self._expects_command = word in ("if", "while", "until", "{")

    def _close(self, word: str, start: int) -> None:
        if not self._blocks or self._blocks[-1][0] not in _CLOSERS[word]:
            raise self._corrupt(start, f"a {word!r} without its beginning")
        self._blocks.pop()

    def _note_opaque(self, position: int) -> None:
        line = self._line(position)
        end = self._line_starts[line] if line < len(self._line_starts) else len(self._text)
        if not self.opaque or self.opaque[-1].line != line:
            self.opaque.append(Opaque(line, self._text[self._line_starts[line - 1] : end].strip()))

    def _line(self, position: int) -> int:
        return bisect_right(self._line_starts, position)

    def _corrupt(self, position: int, problem: str) -> Exception:
        return corrupt(self._path, self._line(position), problem)
