"""What clean-up rules share: patterns of paths that must not be in a generalized image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.finding import Fix, Place, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.subject import Subject

_SHOWN = 5


def present(tree: Tree, patterns: tuple[str, ...]) -> list[str]:
    """Paths that match, each once."""
    return list(dict.fromkeys(path for pattern in patterns for path in tree.glob(pattern)))


def non_empty_files(tree: Tree, patterns: tuple[str, ...]) -> list[str]:
    """Regular files that match and hold something."""
    found = []
    for path in present(tree, patterns):
        status = tree.link_status(path)
        if status.kind is Kind.FILE and status.size:
            found.append(path)
    return found


def shorten(paths: list[str]) -> str:
    """The first few paths, and how many more."""
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more


def removable(
    subject: Subject, patterns: tuple[str, ...], message: str, title: str
) -> Iterator[Violation]:
    """One violation when anything matches; the fix removes all that does."""
    found = present(subject.linux.tree, patterns)
    if found:
        yield Violation(
            message=message,
            place=Place(found[0]),
            found=shorten(found),
            expected="none",
            fix=Fix(title=title, steps=(RemovePaths(patterns=patterns),)),
        )
