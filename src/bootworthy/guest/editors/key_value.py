"""Files of ``Key=Value`` lines in which the last one of a key wins, such as waagent.conf."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bootworthy.guest.plain_text import corrupt, require_text
from bootworthy.model.errors import InternalError

_LIKELY_KEY = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)
_BLANK = " \t\r"
_AROUND_VALUE = _BLANK + '"'


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One assignment; ``line`` is 1-based."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class _Parts:
    """An assignment cut up so that its pieces joined are the line again."""

    head: str
    value: str
    tail: str

    @property
    def key(self) -> str:
        return self.head.partition("=")[0].strip(_BLANK)


def set_keys(text: str, settings: Mapping[str, str], *, path: str) -> str:
    """``text`` with these values in force; see KeyValueFile.

    Raises:
        GuestError: ``guest-file-corrupt``, when it is not such a file at all.
    """
    file = KeyValueFile(text, path)
    for key, value in settings.items():
        file.set(key, value)
    return file.text


class KeyValueFile:
    """A file of assignments, one a line; every other line is kept as it is."""

    def __init__(self, text: str, path: str) -> None:
        """Parse ``text``; ``path`` is for messages.

        Raises:
            GuestError: ``guest-file-corrupt``, when it is not such a file at all.
        """
        self._path = path
        self._lines = require_text(text, path).split("\n")
        self._refuse_other_formats()

    @property
    def text(self) -> str:
        """The file as it is now."""
        return "\n".join(self._lines)

    @property
    def assignments(self) -> tuple[KeyValue, ...]:
        """All assignments in the order of the file."""
        cut = ((number, _cut(line)) for number, line in enumerate(self._lines, 1))
        return tuple(KeyValue(parts.key, parts.value, number) for number, parts in cut if parts)

    def get(self, key: str) -> str | None:
        """The value in force, None when the key is not set."""
        last = self._last(key)
        return last.value if last else None

    def set(self, key: str, value: str) -> None:
        """Have ``value`` in force: in the last line of the key, else in a new last line.

        What stands behind the value, a comment for instance, stays.
        """
        if any(char in value for char in "#\n\0") or value != value.strip(_AROUND_VALUE):
            raise InternalError("value-cannot-be-written", f"{key}={value!r} in {self._path}")
        last = self._last(key)
        if last is None:
            self._append(f"{key}={value}")
        elif last.value != value:
            self._replace(last.line - 1, value)

    def _last(self, key: str) -> KeyValue | None:
        return next((a for a in reversed(self.assignments) if a.key == key), None)

    def _replace(self, index: int, value: str) -> None:
        parts = _cut(self._lines[index])
        if parts:
            self._lines[index] = parts.head + value + parts.tail

    def _append(self, line: str) -> None:
        end = "\r" if self._lines[0].endswith("\r") else ""
        if self._lines[-1] == "":
            self._lines.pop()
        self._lines += [line + end, ""]

    def _refuse_other_formats(self) -> None:
        # The agent skips lines it cannot read, so one odd line is no damage; a file without a
        # single good one is something else under this name.
        if any(_LIKELY_KEY.fullmatch(a.key) for a in self.assignments):
            return
        for number, line in enumerate(self._lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                raise corrupt(self._path, number, "no line of the file is Key=Value")


def _cut(line: str) -> _Parts | None:
    # azurelinuxagent/common/conf.py, ConfigurationProvider.load: a line that starts with ``#`` or
    # has no ``=`` says nothing; the value ends at ``#``; blanks and quotes around it do not count.
    if line.lstrip(_BLANK).startswith("#") or "=" not in line:
        return None
    left, _, right = line.partition("=")
    before_comment = right.partition("#")[0]
    value = before_comment.strip(_AROUND_VALUE)
    start = len(before_comment) - len(before_comment.lstrip(_AROUND_VALUE)) if value else 0
    return _Parts(f"{left}={right[:start]}", value, right[start + len(value) :])
