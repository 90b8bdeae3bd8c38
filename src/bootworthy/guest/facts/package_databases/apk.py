"""The apk database: stanzas of one-letter fields (apk-installed(5))."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.package_databases.package import DatabaseError, Package
from bootworthy.guest.tree import Tree

# apk-tools 3 moved it below /usr.
_PATHS = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")


def path(tree: Tree) -> str | None:
    """The database's file, None when there is none."""
    return next((path for path in _PATHS if tree.is_file(path)), None)


def packages(tree: Tree, database: str) -> Iterator[Package]:
    """Every installed package.

    Raises:
        DatabaseError: the file is not such a database.
    """
    fields: dict[str, str] = {}
    for number, line in enumerate(tree.text(database).split("\n"), 1):
        if not line:
            yield from _package(fields)
            fields = {}
        elif line[1:2] != ":" or "\0" in line:
            raise DatabaseError(f"{database}:{number} is no field as apk writes them")
        else:
            fields.setdefault(line[0], line[2:])
    yield from _package(fields)


def _package(fields: dict[str, str]) -> Iterator[Package]:
    if fields.get("P"):
        yield Package(fields["P"], fields.get("V", ""), fields.get("A", ""))
