"""Files of sections and ``Key=Value`` lines: systemd's own (systemd.syntax(7)) and keyfiles."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.guest.plain_text import corrupt, require_text

_COMMENTS = ("#", ";")


@dataclass(frozen=True, slots=True)
class IniEntry:
    """One assignment; ``line`` and ``last_line`` are 1-based and enclose continuation lines."""

    section: str
    key: str
    value: str
    line: int
    last_line: int


class IniFile:
    """Sections of assignments; every other line is kept as it is.

    A section may occur several times and a key more than once in it, which in systemd's files is
    how lists are made. ``continues`` tells whether a backslash at the end joins two lines, as it
    does for systemd but not in keyfiles.
    """

    def __init__(self, text: str, path: str, *, continues: bool = True) -> None:
        """Parse ``text``; ``path`` is for messages.

        Raises:
            GuestError: ``guest-file-corrupt``, when something stands before the first section.
        """
        self._path = path
        self._continues = continues
        self._lines = require_text(text, path).split("\n")
        self._parse()

    @property
    def text(self) -> str:
        """The file as it is now."""
        return "\n".join(self._lines)

    @property
    def entries(self) -> tuple[IniEntry, ...]:
        """All assignments in the order of the file."""
        return tuple(self._entries)

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of all sections in order, empty ones included."""
        return tuple(dict.fromkeys(name for _, name in self._headers))

    def values(self, section: str, *keys: str) -> tuple[str, ...]:
        """All values of these keys in a section, in the order of the file."""
        return tuple(e.value for e in self._entries if e.section == section and e.key in keys)

    def get(self, section: str, key: str, default: str = "") -> str:
        """The last value of a key."""
        return (self.values(section, key) or (default,))[-1]

    def set(self, section: str, key: str, value: str) -> None:
        """Have exactly this value: one assignment is changed or added, its repetitions go."""
        found = self._find(section, key)
        if [entry.value for entry in found] == [value]:
            return
        line = f"{key}={value}"
        for entry in found[:0:-1]:
            self._cut(entry)
        if found:
            self._lines[found[0].line - 1 : found[0].last_line] = [line]
        else:
            self._insert(section, line)
        self._parse()

    def remove(self, section: str, *keys: str) -> None:
        """Take out every assignment of these keys."""
        for entry in [e for key in keys for e in self._find(section, key)][::-1]:
            self._cut(entry)
            self._parse()

    def remove_section(self, section: str) -> None:
        """Take out a section with all that is in it, comments too."""
        for index in reversed(range(len(self._headers))):
            start, name = self._headers[index]
            if name == section:
                following = self._headers[index + 1 : index + 2]
                end = following[0][0] if following else len(self._lines)
                keeps_end = [""] if not following and self._lines[-1] == "" else []
                self._lines[start:end] = keeps_end
        self._parse()

    def _find(self, section: str, key: str) -> list[IniEntry]:
        return [e for e in self._entries if (e.section, e.key) == (section, key)]

    def _cut(self, entry: IniEntry) -> None:
        del self._lines[entry.line - 1 : entry.last_line]

    def _insert(self, section: str, line: str) -> None:
        start = next((at for at, name in reversed(self._headers) if name == section), None)
        if start is None:
            self._append_section(section, line)
            return
        in_section = [e.last_line for e in self._entries if e.section == section]
        place = max([start + 1, *in_section])
        self._lines.insert(place, line)

    def _append_section(self, section: str, line: str) -> None:
        while self._lines and not self._lines[-1].strip():
            self._lines.pop()
        gap = [""] if self._lines else []
        self._lines += [*gap, f"[{section}]", line, ""]

    def _parse(self) -> None:
        self._entries: list[IniEntry] = []
        self._headers: list[tuple[int, str]] = []
        index = 0
        while index < len(self._lines):
            index = self._parse_line(index)

    def _parse_line(self, index: int) -> int:
        line = self._lines[index].strip()
        if not line or line.startswith(_COMMENTS):
            return index + 1
        if line.startswith("[") and line.endswith("]"):
            self._headers.append((index, line[1:-1]))
            return index + 1
        if not self._headers:
            raise corrupt(self._path, index + 1, "something before the first [section]")
        text, end = self._joined(index)
        key, equals, value = text.partition("=")
        if equals:
            section = self._headers[-1][1]
            entry = IniEntry(section, key.strip(), value.strip(), index + 1, end)
            self._entries.append(entry)
        return end

    def _joined(self, index: int) -> tuple[str, int]:
        """The logical line that begins at ``index``, and the index behind it."""
        parts = [self._lines[index].strip()]
        end = index + 1
        while self._continues and parts[-1].endswith("\\") and end < len(self._lines):
            parts[-1] = parts[-1][:-1]
            while end < len(self._lines) and self._lines[end].strip().startswith(_COMMENTS):
                end += 1
            parts += [line.strip() for line in self._lines[end : end + 1]]
            end += 1
        return " ".join(parts), min(end, len(self._lines))
