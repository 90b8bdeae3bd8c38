"""Jobs of Upstart, the init of Ubuntu 14.04 and before: init(5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

_DIRECTORY = "/etc/init"

# The stanzas that say when a job starts by itself; ``manual`` takes back what was said before it.
_STANZA = re.compile(r"^(start[ \t]+on|manual)\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job: its file, whether it starts by itself, and the file that decides."""

    path: str
    starts: bool
    decided_by: str


def read(tree: Tree, name: str) -> Job | None:
    """The job of this name, None where there is none; an override file is read behind it."""
    path = f"{_DIRECTORY}/{name}.conf"
    if "/" in name or not tree.is_file(path):
        return None
    starts, decided_by = False, path
    for file in (path, f"{_DIRECTORY}/{name}.override"):
        for stanza in _STANZA.findall(_text(tree, file)):
            starts, decided_by = stanza != "manual", file
    return Job(path=path, starts=starts, decided_by=decided_by)


def _text(tree: Tree, path: str) -> str:
    try:
        return read_configuration(tree, path) or ""
    except GuestError:
        return ""  # Upstart passes over what it cannot read
