"""Logs of the agent are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CLEAN-03",
    name="agent-log-left",
    severity=Severity.NOTE,
    why="The log tells of another machine and misleads whoever reads it later.",
    when=(generalized, has_guest),
    article=(63,),
    sources=(sources.ARTICLE,),
    deviation="the article removes the log and then runs waagent, which writes it again; here it "
    "is removed last",
)
def check(subject: Subject) -> Iterator[Violation]:
    """/var/log/waagent.log and its rotated copies are gone."""
    patterns = ("/var/log/waagent.log*",)
    yield from removable(subject, patterns, "logs of the agent are in the image", "remove them")
