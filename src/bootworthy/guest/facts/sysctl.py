"""Kernel settings made at boot: sysctl.d(5), with the precedence of its directories."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

# A file hides those of its name in the directories behind it.
_DIRECTORIES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)

# procps reads it behind all others; systemd by a link that distributions have in /etc/sysctl.d.
_OLD = "/etc/sysctl.conf"
_MAX_FILES = 1000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting in force, with the line that decides it."""

    value: str
    place: Place


def read(tree: Tree) -> Mapping[str, Setting]:
    """The settings in force by their names with dots (``vm.swappiness``)."""
    return dict(pair for path in _paths(tree) for pair in _settings(tree, path))


def _paths(tree: Tree) -> list[str]:
    chosen: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for name in tree.names(directory)[:_MAX_FILES]:
            if name.endswith(".conf"):
                chosen.setdefault(name, posixpath.join(directory, name))
    files = [chosen[name] for name in sorted(chosen)]
    has_procps = any(map(tree.is_file, ("/etc/init.d/procps", "/etc/rc.d/rc.sysinit")))
    return [*files, _OLD] if has_procps else files


def _settings(tree: Tree, path: str) -> Iterator[tuple[str, Setting]]:
    try:
        text = read_configuration(tree, path) or ""
    except GuestError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            # A dash says that a setting the kernel does not know is no error.
            key = _dotted(name.strip().removeprefix("-").strip())
            yield key, Setting(value=value.strip(), place=Place(path, number))


def _dotted(name: str) -> str:
    """The name with dots: where its first separator is a slash, both are exchanged."""
    first = next((char for char in name if char in "./"), ".")
    return name.translate(str.maketrans("./", "/.")) if first == "/" else name
