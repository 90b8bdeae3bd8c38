"""Files that a shell sources for their variables: /etc/default/grub, its drop-ins, ifcfg files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.editors.shell_script import Assignment, Opaque, ShellScript
from bootworthy.guest.editors.shell_words import (
    Unit,
    UnitKind,
    double_quoted,
    quoted_like,
    units,
    value,
)
from bootworthy.guest.plain_text import require_text
from bootworthy.model.errors import InternalError


class ShellFile:
    """A script of assignments: read as the shell would, edited without touching the rest."""

    def __init__(self, text: str, path: str) -> None:
        """Parse ``text``; ``path`` is for messages.

        Raises:
            GuestError: ``guest-file-corrupt``, when no shell would read it.
        """
        self._path = path
        self._load(require_text(text, path))

    def _load(self, text: str) -> None:
        self._text = text
        self._script = ShellScript(text, self._path)

    @property
    def text(self) -> str:
        """The file as it is now."""
        return self._text

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        """Every assignment, also those under a condition, in the order of the file."""
        return tuple(self._script.assignments)

    @property
    def opaque(self) -> tuple[Opaque, ...]:
        """Statements, and values, that only a shell could work out."""
        values = [a for a in self._script.assignments if self._is_opaque(a)]
        found = [*self._script.opaque, *(Opaque(a.line, self._line(a)) for a in values)]
        return tuple(sorted(found, key=lambda statement: statement.line))

    def evaluate(self, environment: Mapping[str, str] | None = None) -> dict[str, str]:
        """All variables after the file was sourced into ``environment``.

        A variable with a value that cannot be worked out is left out; assignments under a
        condition are not carried out.
        """
        variables = dict(environment or {})
        for assignment in self._script.assignments:
            if not assignment.conditional:
                self._assign(variables, assignment)
        return variables

    def _assign(self, variables: dict[str, str], assignment: Assignment) -> None:
        text = value(self._units(assignment), variables)
        before = variables.pop(assignment.name, "")
        if text is not None:
            variables[assignment.name] = before + text if assignment.appends else text

    def get(self, name: str, environment: Mapping[str, str] | None = None) -> str | None:
        """The value of a variable after sourcing, None when it is not set or not known."""
        return self.evaluate(environment).get(name)

    def set(self, name: str, plain: str) -> None:
        """Have ``plain`` in force: in the last assignment of ``name``, else in a new last line.

        The quoting style of the assignment stays where it can say the new value.
        """
        if "\0" in plain:
            raise InternalError("value-cannot-be-written", f"{name}={plain!r} in {self._path}")
        last = self._last_certain(name)
        if last is None or last.appends:
            self._append(f'{name}="{double_quoted(plain)}"')
        elif self._references(last) or value(self._units(last), {}) != plain:
            old = self._text[last.start : last.end]
            self._replace(last.start, last.end, quoted_like(plain, old))

    def unset(self, name: str) -> None:
        """Take out every assignment of ``name``: its whole line where it has one to itself.

        Elsewhere its value becomes empty.
        """
        spans = [self._statement_span(assignment) for assignment in self._named(name)]
        if spans:
            self._load("".join(_without(self._text, spans)))

    def _statement_span(self, assignment: Assignment) -> tuple[int, int]:
        begin = self._text.rfind("\n", 0, assignment.start) + 1
        end = self._text.find("\n", assignment.end)
        end = len(self._text) if end < 0 else end + 1
        if assignment.conditional:  # a branch must not lose its only command
            return assignment.start, assignment.end
        behind = self._text[assignment.end : end].strip()
        if self._text[begin : assignment.start].strip() == f"{assignment.name}=" and (
            not behind or behind.startswith("#")
        ):
            return begin, end
        return assignment.start, assignment.end

    def remove_token(self, name: str, token: str) -> None:
        """Take a token off ``name`` wherever it is assigned, also under conditions.

        ``token`` is a whole token or the bare name of ``name=value`` tokens, as on the kernel's
        command line.
        """
        spans = [span for a in self._named(name) for span in self._token_spans(a, token)]
        if spans:
            self._load("".join(_without(self._text, sorted(spans))))

    def add_token(self, name: str, token: str) -> None:
        """Put a token at the end of ``name``, unless this file's value of it has it already."""
        if token in kernel_arguments.split(self._known(name)):
            return
        last = self._last_certain(name)
        if last is None:
            self._append(f'{name}="${name} {double_quoted(token)}"')
            return
        gap = "" if self._ends_blank(last) else " "
        old = self._text[last.start : last.end]
        self._replace(last.start, last.end, _with_more(old, gap + token))

    def _known(self, name: str) -> str:
        """The value, with what cannot be worked out left blank."""
        known = ""
        for assignment in self._named(name):
            if not assignment.conditional:
                text = "".join(unit.text for unit in self._units(assignment) if _is_known(unit))
                refers = assignment.appends or name in self._references(assignment)
                known = f"{known} {text}" if refers else text
        return known

    def _references(self, assignment: Assignment) -> frozenset[str]:
        kinds = self._units(assignment)
        return frozenset(unit.text for unit in kinds if unit.kind is UnitKind.VARIABLE)

    def _ends_blank(self, assignment: Assignment) -> bool:
        pieces = self._units(assignment)
        return not pieces or pieces[-1].kind is UnitKind.BLANK

    def _named(self, name: str) -> list[Assignment]:
        return [a for a in self._script.assignments if a.name == name]

    def _last_certain(self, name: str) -> Assignment | None:
        """The last assignment of ``name``, unless it may not be carried out."""
        named = self._named(name)
        return named[-1] if named and not named[-1].conditional else None

    def _units(self, assignment: Assignment) -> list[Unit]:
        return units(self._text, assignment.start, assignment.end)

    def _is_opaque(self, assignment: Assignment) -> bool:
        return any(unit.kind is UnitKind.OPAQUE for unit in self._units(assignment))

    def _line(self, assignment: Assignment) -> str:
        begin = self._text.rfind("\n", 0, assignment.start) + 1
        end = self._text.find("\n", assignment.start)
        return self._text[begin : end if end >= 0 else len(self._text)].strip()

    def _token_spans(self, assignment: Assignment, token: str) -> list[tuple[int, int]]:
        pieces = self._units(assignment)
        tokens = _token_runs(pieces)
        unwanted = [
            position
            for position, (first, last) in enumerate(tokens)
            if all(_is_known(unit) for unit in pieces[first:last])
            and kernel_arguments.matches("".join(u.text for u in pieces[first:last]), token)
        ]
        indices = _indices_to_drop(tokens, unwanted, len(pieces))
        return [(pieces[index].start, pieces[index].end) for index in indices]

    def _append(self, line: str) -> None:
        gap = "" if not self._text or self._text.endswith("\n") else "\n"
        self._load(f"{self._text}{gap}{line}\n")

    def _replace(self, start: int, end: int, word: str) -> None:
        self._load(self._text[:start] + word + self._text[end:])


def _without(text: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    position = 0
    for start, end in spans:
        yield text[position:start]
        position = end
    yield text[position:]


def _is_known(unit: Unit) -> bool:
    return unit.kind not in (UnitKind.VARIABLE, UnitKind.OPAQUE)


def _token_runs(pieces: list[Unit]) -> list[tuple[int, int]]:
    """First and behind-last index of every token, split as the kernel splits them."""
    runs: list[tuple[int, int]] = []
    begin: int | None = None
    quoted = False
    for index, unit in enumerate(pieces):
        quoted ^= unit.kind is UnitKind.QUOTE
        if unit.kind is UnitKind.BLANK and not quoted:
            runs += [(begin, index)] if begin is not None else []
            begin = None
        elif begin is None:
            begin = index
    return runs if begin is None else [*runs, (begin, len(pieces))]


def _indices_to_drop(runs: list[tuple[int, int]], unwanted: list[int], count: int) -> set[int]:
    """The pieces of the unwanted tokens, and the blanks in front of each."""
    indices: set[int] = set()
    for position in unwanted:
        first, last = runs[position]
        indices.update(range(runs[position - 1][1] if position else first, last))
    if unwanted and unwanted[0] == 0:  # the first token that stays begins the value
        gone = frozenset(unwanted)
        kept = next((p for p in range(len(runs)) if p not in gone), len(runs))
        end = runs[kept][0] if kept < len(runs) else count
        indices.update(range(runs[kept - 1][1], end))
    return indices


def _with_more(old: str, more: str) -> str:
    """The word ``old`` with ``more`` at its end, inside its own quotes where it has them."""
    if len(old) > 1 and old[0] == old[-1] == "'" and "'" not in old[1:-1] + more:
        return f"{old[:-1]}{more}'"
    if len(old) > 1 and old[0] == old[-1] == '"' and not old.endswith('\\"'):
        return f'{old[:-1]}{double_quoted(more)}"'
    if not any(char in old for char in "\\'\"$`"):
        return f'"{old}{double_quoted(more)}"'
    return f'{old}"{double_quoted(more)}"'
