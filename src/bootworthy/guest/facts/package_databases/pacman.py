"""The pacman database: a directory a package with a file ``desc`` of ``%FIELD%`` blocks."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.package_databases.package import DatabaseError, Package
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

PATH = "/var/lib/pacman/local"


def present(tree: Tree) -> bool:
    """Whether there is such a database."""
    return bool(tree.glob(f"{PATH}/*/desc"))


def packages(tree: Tree) -> Iterator[Package]:
    """Every installed package.

    Raises:
        DatabaseError: one of them cannot be read.
    """
    for path in tree.glob(f"{PATH}/*/desc"):
        fields = _fields(tree, path)
        name = fields.get("NAME", "")
        if not name:
            raise DatabaseError(f"{path} names no package")
        yield Package(name, fields.get("VERSION", ""), fields.get("ARCH", ""))


def _fields(tree: Tree, path: str) -> dict[str, str]:
    """The first line of every block."""
    try:
        lines = (read_configuration(tree, path) or "").split("\n")
    except GuestError as error:
        raise DatabaseError(error.message) from None
    starts = (i for i, line in enumerate(lines[:-1]) if line[:1] == line[-1:] == "%")
    return {lines[i].strip("%"): lines[i + 1] for i in starts}
