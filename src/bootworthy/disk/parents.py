"""The parent of a differencing disk, found by the names that Windows left in the child."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, open_file
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

# A drive, a share, a volume or a scheme: paths of the machine that made the chain, not of this one.
_ABSOLUTE = re.compile(r"/|[^/]*:")

_TRY_NEXT = frozenset({"image-not-found", "image-refers-outside"})


def open_parent(
    file: HostFile, references: References, names: Iterable[str], force_format: str
) -> Container:
    """Open the parent of ``file`` by the first of ``names`` that leads to a file.

    Relative names count from the child; of absolute ones only the file name is looked for, beside
    the child, since the directories are those of another machine.

    Raises:
        ImageError: ``image-not-found`` or ``image-refers-outside`` when no name leads to a file
            that may be opened, ``image-corrupt`` when there is no name, or what is wrong with the
            parent.
    """
    below, its_references = _open_first(file, references, names)
    return open_file(below, its_references, force_format)


def _open_first(
    file: HostFile, references: References, names: Iterable[str]
) -> tuple[HostFile, References]:
    refused: ImageError | None = None
    for name in _candidates(names):
        try:
            return references.open(name.encode(), "parent")
        except ImageError as error:
            if error.code not in _TRY_NEXT:
                raise
            # The last is the plain file name: what a person can do something about.
            refused = error
    if refused is None:
        file.corrupt("it is a differencing disk that does not name its parent")
    raise refused


def _candidates(names: Iterable[str]) -> Iterator[str]:
    paths = [name.replace("\\", "/") for name in names]
    relative = [path for path in paths if not _ABSOLUTE.match(path)]
    beside = [path.rsplit("/", 1)[-1] for path in paths]
    yield from dict.fromkeys(name for name in (*relative, *beside) if name)


def refuse_other(child: HostFile, parent: Container, expected: str, found: str) -> None:
    """A parent has to be the very disk the child was made over.

    Raises:
        ImageError: ``image-wrong-parent``, when the two identifiers differ.
    """
    if expected != found:
        raise ImageError(
            "image-wrong-parent",
            f"{child.path} was made over a disk with the identifier {expected}, "
            f"but {parent.path} has {found}",
            hint="put the parent it was made over beside it; a parent that was changed since "
            "cannot be used",
        )


def text_of(data: bytes, encoding: str) -> str:
    """A name in UTF-16, up to its end or to a zero; empty when it is none."""
    try:
        return data[: len(data) // 2 * 2].decode(encoding).split("\0", 1)[0]
    except UnicodeDecodeError:
        return ""
