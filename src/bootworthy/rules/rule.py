"""What a rule is: metadata, conditions under which it applies, and a function that yields."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from bootworthy.model.errors import InternalError
from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.subject import Subject

Check: TypeAlias = Callable[[Subject], Iterable[Violation]]

Condition: TypeAlias = Callable[[Subject], str]
"""Says why a rule does not apply to a subject; an empty string when it does.

Raises NotCheckedError when what it would apply to cannot be read.
"""


class NotCheckedError(Exception):
    """A rule could not look: the run reports it as not checked, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One checkable requirement.

    ``code`` is its id in the catalogue (area and number), ``name`` states the problem it finds.
    ``why`` says in one sentence what happens on Azure. ``article`` lists the statements of
    Microsoft's article it covers, by their numbers in docs/coverage.md; ``deviation`` says where
    and why it does not follow the article to the letter. ``phase`` of a boot is the folder.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    check: Check
    area: str
    when: tuple[Condition, ...] = ()
    article: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    deviation: str = ""
    since: str = "0.1"

    def not_applicable(self, subject: Subject) -> str:
        """Why the rule does not apply to ``subject``; empty when it does."""
        return next((reason for condition in self.when if (reason := condition(subject))), "")


def rule(
    *,
    code: str,
    name: str,
    severity: Severity,
    why: str,
    when: tuple[Condition, ...] = (),
    article: tuple[int, ...] = (),
    sources: tuple[str, ...] = (),
    deviation: str = "",
    since: str = "0.1",
) -> Callable[[Check], Rule]:
    """Make a rule of a check function; its summary is the first line of the module's docstring."""

    def decorate(check: Check) -> Rule:
        return Rule(
            code=code,
            name=name,
            severity=severity,
            summary=_summary(check),
            why=why,
            check=check,
            area=check.__module__.rsplit(".", 2)[-2],
            when=when,
            article=article,
            sources=sources,
            deviation=deviation,
            since=since,
        )

    return decorate


def _summary(check: Check) -> str:
    text = inspect.getdoc(sys.modules[check.__module__])
    if not text:
        raise InternalError("rule-without-docstring", f"{check.__module__} has no docstring")
    return text.splitlines()[0]
