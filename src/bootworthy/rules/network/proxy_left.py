"""A proxy of the old network is set for every program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_FILES = ("/etc/environment", "/etc/sysconfig/proxy", "/etc/profile.d/*proxy*")
_SETTING = re.compile(
    r"""^\s*(?:export\s+)?(?:https?|all)_proxy=["']?(\S+?)["']?\s*$""", re.IGNORECASE
)


@rule(
    code="NET-18",
    name="proxy-left",
    severity=Severity.WARNING,
    why="The agent and cloud-init would ask the old network's proxy for 169.254.169.254 and "
    "168.63.129.16, which only the machine itself reaches.",
    when=(has_guest,),
    sources=(sources.AGENT_OVERVIEW, sources.PROVISIONING_ERRORS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No environment for all programs names a proxy."""
    tree = subject.linux.tree
    for path in (path for pattern in _FILES for path in tree.glob(pattern)):
        for number, line in enumerate(tree.text_or(path).split("\n"), 1):
            if (found := _SETTING.match(line)) and found[1] not in ('""', "''"):
                yield Violation(
                    message=f"the proxy {found[1]} is set for every program",
                    place=Place(path, number),
                    found=line.strip(),
                    expected="no proxy, or no_proxy=169.254.169.254,168.63.129.16 beside it",
                    fix=by_hand(f"take the line out of {path}"),
                )
