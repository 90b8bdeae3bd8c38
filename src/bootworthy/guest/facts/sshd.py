"""The SSH server: is it there, what is it told, which host keys does it have."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from bootworthy.guest.plain_text import corrupt, read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

CONFIG = "/etc/ssh/sshd_config"


@dataclass(frozen=True, kw_only=True)
class SshdSetting:
    """One keyword with its value; the first one outside Match blocks is the one in force.

    ``criteria`` are the conditions of the Match lines around it, the outermost first.
    """

    keyword: str
    value: str
    place: Place
    in_match: bool = False
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sshd:
    """The SSH server: its program (None when absent), settings in reading order, host keys."""

    program: str | None
    settings: tuple[SshdSetting, ...]
    host_keys: tuple[str, ...]

    def value(self, keyword: str) -> SshdSetting | None:
        """The setting in force for a keyword (case-insensitive), None for the default."""
        wanted = keyword.lower()
        outside = (setting for setting in self.settings if not setting.in_match)
        return next((s for s in outside if s.keyword.lower() == wanted), None)


_PROGRAMS = ("/usr/sbin/sshd", "/usr/bin/sshd", "/sbin/sshd")

# Distributions that keep their defaults out of /etc have them here (SUSE).
_CONFIGS = (CONFIG, "/usr/etc/ssh/sshd_config")

# servconf.c, SERVCONF_MAX_DEPTH; and more files than anybody includes.
_MAX_DEPTH = 16
_MAX_FILES = 256


def read(tree: Tree) -> Sshd:
    """The SSH server of the guest; Include lines are followed where they stand.

    Raises:
        GuestError: ``guest-file-corrupt``, when a file of its configuration is not text.
    """
    config = next((path for path in _CONFIGS if tree.is_file(path)), None)
    settings = tuple(_Reader(tree).file(config)) if config else ()
    return Sshd(
        program=next((path for path in _PROGRAMS if tree.is_file(path)), None),
        settings=settings,
        host_keys=_host_keys(tree, settings),
    )


def _host_keys(tree: Tree, settings: tuple[SshdSetting, ...]) -> tuple[str, ...]:
    named = [s.value for s in settings if s.keyword.lower() == "hostkey"]
    found = [*tree.glob("/etc/ssh/ssh_host_*_key"), *named]
    return tuple(sorted({path for path in found if path.startswith("/") and tree.is_file(path)}))


@dataclass
class _Reader:
    """Reads sshd_config(5) with what it includes; ``files`` counts what was read."""

    tree: Tree
    files: int = field(default=0, init=False)

    def file(
        self, path: str, depth: int = 0, *, around: tuple[str, ...] = ()
    ) -> Iterator[SshdSetting]:
        """The settings of one file in order; a Match block ends where its file ends."""
        self.files += 1
        if depth > _MAX_DEPTH or self.files > _MAX_FILES:
            raise GuestError(
                "guest-file-corrupt",
                f"{path} in the guest: Include lines lead in circles",
                hint="`sshd -t` in the guest shows the same problem",
            )
        criteria = around
        for number, line in enumerate((read_configuration(self.tree, path) or "").split("\n"), 1):
            keyword, rest = _cut(line)
            if keyword.lower() == "match":
                criteria = (*around, rest)
            elif keyword.lower() == "include":
                for included in self._included(rest, path, number):
                    yield from self.file(included, depth + 1, around=criteria)
            elif keyword:
                yield SshdSetting(
                    keyword=keyword,
                    value=rest,
                    place=Place(path, number),
                    in_match=any(map(_is_condition, criteria)),
                    criteria=criteria,
                )

    def _included(self, patterns: str, path: str, number: int) -> Iterator[str]:
        try:
            words = shlex.split(patterns)
        except ValueError:
            raise corrupt(path, number, "a quote that never ends") from None
        for word in words:
            # servconf.c, sInclude: relative names are those of /etc/ssh.
            yield from self.tree.glob(posixpath.join("/etc/ssh", word))


def _is_condition(criterion: str) -> bool:
    return criterion.lower() != "all"


def _cut(line: str) -> tuple[str, str]:
    """Keyword and arguments of a line; misc.c, strdelim and argv_split."""
    stripped = line.strip(" \t\r\f")
    if not stripped or stripped.startswith("#"):
        return "", ""
    keyword = re.split(r"[ \t=]", stripped, maxsplit=1)[0]
    rest = stripped[len(keyword) :].lstrip(" \t").removeprefix("=").strip(" \t")
    return keyword, _without_comment(rest)


def _without_comment(rest: str) -> str:
    """The arguments, without the comment behind them and without the quotes around all of them."""
    quoted = False
    for position, char in enumerate(rest):
        quoted ^= char == '"'
        if char == "#" and not quoted and (position == 0 or rest[position - 1] in " \t"):
            rest = rest[:position].rstrip(" \t")
            break
    is_one = len(rest) > 1 and rest[0] == rest[-1] == '"' and '"' not in rest[1:-1]
    return rest[1:-1] if is_one else rest
