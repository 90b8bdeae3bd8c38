"""extlinux and U-Boot's menus of the same format.

Source: https://wiki.syslinux.org/wiki/index.php?title=Config; keywords are not case sensitive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.facts.boot_loaders import boot_paths
from bootworthy.guest.facts.boot_loaders.entries import (
    BootEntry,
    BootLoader,
    EntryFormat,
    LoaderKind,
)
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

# extlinux(1) looks in the directory it was installed to; Alpine has it in /boot itself.
_CONFIGURATIONS = (
    "/boot/extlinux/extlinux.conf",
    "/boot/extlinux.conf",
    "/boot/syslinux/syslinux.cfg",
    "/extlinux.conf",
)
_LIMIT = 1 << 20
_MAX_ENTRIES = 500


@dataclass
class _Label:
    name: str
    title: str = ""
    line: int = 0
    kernel: str = ""
    append: str = ""
    append_line: int = 0
    initrds: list[str] = field(default_factory=list)


def read(tree: Tree) -> BootLoader | None:
    """The menu, None where there is none."""
    path = next((path for path in _CONFIGURATIONS if tree.is_file(path)), None)
    if path is None:
        return None
    try:
        text = tree.text(path, limit=_LIMIT)
    except (OSError, GuestError) as error:
        return BootLoader(
            kind=LoaderKind.EXTLINUX, path=path, problem=f"it cannot be read: {error}"
        )
    labels, default = _parse(text)
    entries = tuple(_entries(tree, path, labels, default))
    problem = "" if entries else "it has no entry that starts Linux"
    return BootLoader(kind=LoaderKind.EXTLINUX, path=path, entries=entries, problem=problem)


def _parse(text: str) -> tuple[list[_Label], str]:
    labels: list[_Label] = []
    default = shared = ""
    for number, raw in enumerate(text.split("\n"), 1):
        word, _, value = raw.strip().replace("\t", " ").partition(" ")
        keyword, value = word.lower(), value.strip()
        if keyword == "label" and len(labels) < _MAX_ENTRIES:
            labels.append(_Label(value, line=number, append=shared))
        elif keyword == "default":
            default = value
        elif labels:
            _note(labels[-1], keyword, value, number)
        elif keyword == "append":  # before any label it holds for all that have none of their own
            shared = value
    return labels, default


def _note(label: _Label, keyword: str, value: str, number: int) -> None:
    if keyword in ("kernel", "linux"):
        label.kernel, label.line = value, number
    elif keyword == "append":
        label.append, label.append_line = value, number
    elif keyword == "initrd":
        label.initrds = value.split(",")
    elif keyword == "menu" and value.lower().startswith("label "):
        label.title = value[6:].replace("^", "").strip()


def _entries(tree: Tree, path: str, labels: list[_Label], default: str) -> Iterator[BootEntry]:
    started = [label for label in labels if label.kernel]
    first = next((label for label in started if label.name == default), None)
    for label in started:
        words = kernel_arguments.split(label.append)
        inline = [word[7:] for word in words if word.startswith("initrd=")]
        initrds = label.initrds or [name for word in inline for name in word.split(",")]
        yield BootEntry(
            title=label.title or label.name,
            kernel=boot_paths.beside(tree, path, label.kernel),
            initrds=tuple(boot_paths.beside(tree, path, name) for name in initrds if name),
            arguments=tuple(word for word in words if not word.startswith("initrd=")),
            path=path,
            line=label.append_line or label.line,
            default=label is (first or started[0]),
            form=EntryFormat.EXTLINUX,
        )
