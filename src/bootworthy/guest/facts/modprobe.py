"""What modprobe is told: modprobe.d(5), with the precedence of its directories."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place

# libkmod.c, default_config_paths; /usr/lib and /lib are two where /usr is not merged.
_DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)
_COMMANDS = frozenset({"alias", "blacklist", "install", "options", "remove", "softdep", "weakdep"})

# Commands that do nothing, or only talk, where ``install`` expects one that loads the module.
_NO_LOADERS = frozenset({"true", "false", ":", "exit", "nologin", "null", "echo", "logger"})
_LOADERS = ("modprobe", "insmod", "kmod")


@dataclass(frozen=True, kw_only=True)
class Directive:
    """One line: ``command`` (blacklist, install, alias, options, remove, softdep), its module.

    ``module`` is the line's first argument, ``-`` as ``_``; for an alias that is the name or
    pattern it stands for. ``rest`` is what follows, blanks collapsed.
    """

    command: str
    module: str
    rest: str
    place: Place

    @property
    def prevents_loading(self) -> bool:
        """Whether the module cannot be loaded by name or by alias.

        ``blacklist`` only stops loading by alias, which is how drivers are found at boot;
        ``install M /bin/false`` and the like stop every way. An ``install`` command that is not
        known to do nothing counts as one that loads.
        """
        if self.command == "blacklist":
            return True
        if self.command == "alias":
            return self.rest in ("off", "/dev/null")
        return self.command == "install" and _loads_nothing(self.rest)


def _loads_nothing(command: str) -> bool:
    words = command.replace(";", " ; ").split()
    if not words or any(loader in command for loader in _LOADERS):
        return False
    return posixpath.basename(words[0]) in _NO_LOADERS


def parse(text: str, path: str, within: str = "") -> tuple[Directive, ...]:
    """The directives in one file; continuation lines are joined, line numbers are the first's."""
    found = []
    for number, line in _logical_lines(text):
        words = line.split()
        if len(words) < 2 or words[0] not in _COMMANDS:  # noqa: PLR2004 - command and module
            continue
        directive = Directive(
            command=words[0],
            module=words[1].replace("-", "_"),
            rest=" ".join(words[2:]),
            place=Place(path, number, within),
        )
        found.append(directive)
    return tuple(found)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with the number (1-based) they start at, comments left out."""
    parts: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), start=1):
        if not parts:
            start = number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        whole = "".join([*parts, line])
        parts = []
        if not whole.startswith("#"):
            yield start, whole
    if parts and not parts[0].startswith("#"):
        yield start, "".join(parts)


def read(tree: Tree) -> tuple[Directive, ...]:
    """All directives in force: /etc before /run before /usr/local/lib before /usr/lib, by name."""
    chosen: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for name in tree.names(directory):
            if name.endswith(".conf"):
                chosen.setdefault(name, posixpath.join(directory, name))
    found = (parse(tree.text_or(path), path) for _, path in sorted(chosen.items()))
    return tuple(directive for directives in found for directive in directives)
