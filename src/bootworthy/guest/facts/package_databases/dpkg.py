"""The dpkg database: stanzas of fields in one file, or one file a package in status.d."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bootworthy.guest.facts.package_databases.package import DatabaseError, Package
from bootworthy.guest.tree import Tree

PATH = "/var/lib/dpkg/status"
# Images without a shell ("distroless") have this instead.
DIRECTORY = "/var/lib/dpkg/status.d"

# deb822(5): no blank, no control character and no colon in a field's name.
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*([^\n]*)", re.ASCII)
_WANTED = frozenset(("Package", "Version", "Architecture", "Status"))

# dpkg(1), "Package states". What waits for a trigger works.
WORKING = frozenset(("installed", "triggers-pending", "triggers-awaited"))
GONE = frozenset(("not-installed", "config-files"))


def present(tree: Tree) -> bool:
    """Whether there is such a database."""
    return tree.is_file(PATH) or bool(_files(tree))


def packages(tree: Tree) -> Iterator[Package]:
    """Every package the database knows, removed ones too.

    Raises:
        DatabaseError: dpkg itself could not read it.
    """
    if tree.is_file(PATH):
        yield from _stanzas(tree.text(PATH), PATH)
    for path in _files(tree):
        yield from _stanzas(tree.text(path), path)


def _files(tree: Tree) -> list[str]:
    names = (name for name in tree.names(DIRECTORY) if not name.endswith(".md5sums"))
    paths = (posixpath.join(DIRECTORY, name) for name in names)
    return [path for path in paths if tree.is_file(path)]


def _stanzas(text: str, path: str) -> Iterator[Package]:
    if "\0" in text:
        raise DatabaseError(f"{path} holds NUL bytes: it is not text")
    if not text.endswith("\n"):
        raise DatabaseError(f"{path} {'ends within a line' if text else 'is empty'}")
    fields: dict[str, str] = {}
    for number, line in enumerate(_lines(text), 1):
        if not line.strip():
            yield from _package(fields, path, number)
            fields = {}
        elif line[0] not in " \t":
            match = _FIELD.match(line)
            if not match:
                raise DatabaseError(f"{path}:{number} is no field as deb822(5) has them")
            if match[1] in _WANTED:
                fields[match[1]] = match[2].rstrip()
    yield from _package(fields, path, text.count("\n"))


def _lines(text: str) -> Iterator[str]:
    """The lines, one at a time: a hostile file of 64 MiB may be nothing but newlines."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1


def _package(fields: dict[str, str], path: str, line: int) -> Iterator[Package]:
    if not fields:
        return
    if not fields.get("Package"):
        raise DatabaseError(f"{path}: the stanza before line {line} has no Package field")
    # Want, error flag, status; status.d holds installed packages and says nothing.
    words = fields.get("Status", "install ok installed").split()
    state = words[2] if len(words) > 2 else "unknown"  # noqa: PLR2004 - dpkg(1)
    if "reinstreq" in words[1:2]:
        state = f"{state} (reinstallation required)"
    version, architecture = fields.get("Version", ""), fields.get("Architecture", "")
    yield Package(fields["Package"], version, architecture, state)
