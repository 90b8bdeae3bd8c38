"""A configuration file of cloud-init does not parse, or says a thing twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.cloud_init import ConfigFile
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_MAIN = "/etc/cloud/cloud.cfg"

# cloudinit/templater.py: such a file is YAML only when the instance's data have been put in.
_TEMPLATE = re.compile(r"##\s*template\s*:", re.IGNORECASE)


@rule(
    code="CI-09",
    name="cloud-config-broken",
    severity=Severity.WARNING,
    why="cloud-init ignores a file it cannot read, and with it what the file was there for.",
    when=(generalized, with_cloud_init),
    article=(58, 61),
    sources=(sources.CLOUD_INIT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """cloud.cfg and every file of cloud.cfg.d parse, without duplicate keys.

    An error for cloud.cfg itself, which says what cloud-init does at all.
    """
    for file in subject.linux.cloud_init.files:
        if file.problem and not _is_template(subject.linux.tree, file.path):
            yield _unreadable(file)
        elif file.duplicate_keys:
            keys = ", ".join(file.duplicate_keys)
            yield Violation(
                message=f"{file.path} says {keys} twice",
                place=Place(file.path),
                found=f"duplicate keys: {keys}",
                expected="each key once: the last one wins, the others are lost",
                fix=by_hand("merge the two"),
            )


def _unreadable(file: ConfigFile) -> Violation:
    return Violation(
        message=f"{file.path} cannot be read",
        place=Place(file.path),
        found=file.problem,
        expected="YAML that holds a mapping",
        fix=by_hand(f"mend it: cloud-init schema --config-file {file.path} says where"),
        severity=Severity.ERROR if file.path == _MAIN else None,
    )


def _is_template(tree: Tree, path: str) -> bool:
    try:
        return bool(_TEMPLATE.match(tree.text_or(path)))
    except GuestError:
        return False
