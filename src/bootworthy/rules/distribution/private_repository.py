"""Packages are to come from a place that machines on Azure do not reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_FILES = (
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d/*.list",
    "/etc/apt/sources.list.d/*.sources",
    "/etc/yum.repos.d/*.repo",
    "/etc/zypp/repos.d/*.repo",
    "/etc/apk/repositories",
)
_PLACE = re.compile(
    r"cdrom:|cd:///|(?:https?|ftp)://(?:10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\."
    r"|[^/\s]+\.(?:internal|local|lan|corp)\b)"
)


@rule(
    code="DIST-06",
    name="private-repository",
    severity=Severity.WARNING,
    why="Updates and extensions that install packages fail where the repository is not there.",
    when=(has_guest,),
    article=(13,),
    sources=(sources.UBUNTU_PAGE, sources.RHEL_PAGE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No repository is a disc or a server of the old network."""
    tree = subject.linux.tree
    for path in (path for pattern in _FILES for path in tree.glob(pattern)):
        for number, line in enumerate(tree.text_or(path).split("\n"), 1):
            found = None if line.lstrip().startswith("#") else _PLACE.search(line)
            if found:
                yield Violation(
                    message="packages are to come from a disc or a private server",
                    place=Place(path, number),
                    found=line.strip(),
                    expected="a repository that machines on Azure reach",
                    fix=by_hand(f"take the line out of {path}, or name a public repository"),
                )
