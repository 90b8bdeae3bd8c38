"""GRUB legacy (0.97) of systems before 2010: menu.lst, which Red Hat calls grub.conf.

Source: GNU GRUB 0.97 manual, "Configuration" and "Command-line and menu entry commands".
"""

from __future__ import annotations

import re
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

_CONFIGURATIONS = ("/boot/grub/grub.conf", "/boot/grub/menu.lst", "/boot/efi/EFI/*/grub.conf")
_LIMIT = 1 << 20
_MAX_ENTRIES = 500

# A command and what follows it, which an equals sign may part.
_LINE = re.compile(r"\s*([a-z]+)(?:\s*=\s*|\s+)(.*?)\s*")
_OPTION = re.compile(r"--\S+\s+")


@dataclass
class _Title:
    name: str
    kernel: str = ""
    line: int = 0
    initrds: list[str] = field(default_factory=list)


def read(tree: Tree) -> BootLoader | None:
    """The menu, None where there is none."""
    paths = (path for pattern in _CONFIGURATIONS for path in tree.glob(pattern))
    path = next(filter(tree.is_file, paths), None)
    if path is None:
        return None
    try:
        text = tree.text(path, limit=_LIMIT)
    except (OSError, GuestError) as error:
        problem = f"it cannot be read: {error}"
        return BootLoader(kind=LoaderKind.GRUB_LEGACY, path=path, problem=problem)
    titles, default = _parse(text)
    entries = tuple(_entries(tree, path, titles, default))
    problem = "" if entries else "it has no entry that starts Linux"
    return BootLoader(kind=LoaderKind.GRUB_LEGACY, path=path, entries=entries, problem=problem)


def _parse(text: str) -> tuple[list[_Title], int]:
    titles: list[_Title] = []
    default = 0
    for number, raw in enumerate(text.split("\n"), 1):
        found = _LINE.fullmatch(raw)
        if found is None:
            continue
        command, value = found.groups()
        if command == "title" and len(titles) < _MAX_ENTRIES:
            titles.append(_Title(value))
        elif command == "default" and value.isascii() and value.isdigit():
            default = int(value[:9])
        elif command == "kernel" and titles:
            titles[-1].kernel, titles[-1].line = _OPTION.sub("", value), number
        elif command == "initrd" and titles:
            titles[-1].initrds += value.split()
    return titles, default


def _entries(tree: Tree, path: str, titles: list[_Title], default: int) -> Iterator[BootEntry]:
    first = next(iter(titles[default:] or titles), None)
    for title in titles:
        kernel, *arguments = kernel_arguments.split(title.kernel) or ("",)
        if kernel:
            yield BootEntry(
                title=title.name,
                kernel=boot_paths.in_guest(tree, kernel),
                initrds=tuple(boot_paths.in_guest(tree, name) for name in title.initrds),
                arguments=tuple(arguments),
                path=path,
                line=title.line,
                default=title is first,
                recovery=bool({"single", "1", "S", "s", "emergency"} & set(arguments)),
                form=EntryFormat.GRUB_LEGACY,
            )
