"""CLOUD_CFG is set for every service of the system."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_FILES = (
    "/etc/systemd/system.conf",
    "/etc/systemd/system.conf.d/*.conf",
    "/etc/environment",
    "/etc/default/cloud-init",
)


@rule(
    code="CI-10",
    name="cloud-config-global",
    severity=Severity.WARNING,
    why="CLOUD_CFG outranks custom data, so that no machine can have another disk layout.",
    when=(has_guest,),
    article=(54, 55),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
    deviation="the article sets CLOUD_CFG in /etc/systemd/system.conf; it is not set, and found "
    "where someone followed the article",
)
def check(subject: Subject) -> Iterator[Violation]:
    """No system-wide setting names CLOUD_CFG."""
    tree = subject.linux.tree
    for path in (path for pattern in _FILES for path in tree.glob(pattern)):
        for number, line in enumerate(tree.text_or(path).splitlines(), 1):
            if "CLOUD_CFG=" in line and not line.lstrip().startswith(("#", ";")):
                yield Violation(
                    message="every service is told a configuration for cloud-init",
                    place=Place(path, number),
                    found=line.strip(),
                    expected="files in /etc/cloud/cloud.cfg.d, which are read anyway",
                    fix=by_hand("take the line out"),
                )
