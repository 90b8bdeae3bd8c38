"""Findings that may stay: chosen rules, ``[[ignore]]`` entries with a reason, and a baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bootworthy.model.finding import Acceptance, Finding, Outcome
from bootworthy.model.report import Report, RuleResult

NOT_SELECTED = "not selected"
"""Why a rule was not checked that nobody asked for."""

# A rule that did not look, or whose findings were mended, says nothing about an entry.
_JUDGED = (Outcome.PASS, Outcome.FAIL)

_BASELINE = Acceptance(by="baseline", reason="known before, in the baseline")


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """One finding or more that a person accepts, and why.

    ``rule`` is a code or a name. ``path`` is a pattern for the place of a finding; ``expires`` is
    the last day on which the entry holds.
    """

    rule: str
    reason: str
    expires: dt.date | None = None
    path: str | None = None

    def accepts(self, finding: Finding) -> bool:
        """Whether the entry means this finding."""
        named = self.rule.casefold() in {finding.code.casefold(), finding.rule}
        return named and (self.path is None or fnmatchcase(finding.place.path, self.path))


def choose(report: Report, select: AbstractSet[str], ignore: AbstractSet[str]) -> Report:
    """The report with only the rules whose codes are selected (all when none) and not ignored."""
    return replace(report, results=_chosen(report.results, select, ignore))


def _chosen(
    results: Iterable[RuleResult], select: AbstractSet[str], ignore: AbstractSet[str]
) -> tuple[RuleResult, ...]:
    def chosen(result: RuleResult) -> RuleResult:
        if result.code not in ignore and (not select or result.code in select):
            return result
        reason = "ignored" if result.code in ignore else NOT_SELECTED
        return RuleResult(
            rule=result.rule,
            code=result.code,
            outcome=Outcome.NOT_CHECKED,
            reason=reason,
            about=result.about,
        )

    return tuple(map(chosen, results))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which findings count, and are mended: those of chosen rules that no entry accepts.

    ``select`` and ``ignore`` hold codes of rules; without ``select`` all are chosen.
    """

    select: AbstractSet[str] = frozenset()
    ignore: AbstractSet[str] = frozenset()
    entries: tuple[Ignore, ...] = ()
    today: dt.date = dt.date.max

    def apply(self, results: Iterable[RuleResult]) -> tuple[RuleResult, ...]:
        """The results with what is not wanted set apart."""
        valid = _valid(self.entries, self.today)
        chosen = _chosen(results, self.select, self.ignore)
        return tuple(_accepted(result, valid, frozenset()) for result in chosen)


def _valid(entries: Iterable[Ignore], today: dt.date) -> list[Ignore]:
    return [entry for entry in entries if entry.expires is None or today <= entry.expires]


def accept(
    report: Report, entries: Iterable[Ignore], baseline: AbstractSet[str], today: dt.date
) -> Report:
    """The report with accepted findings set apart; notes name entries that expired or fit nothing.

    ``baseline`` holds fingerprints.
    """
    listed = list(entries)
    valid = _valid(listed, today)
    notes = [*report.notes, *_complaints(report, listed, valid)]
    results = tuple(_accepted(result, valid, baseline) for result in report.results)
    return replace(report, results=results, notes=tuple(notes))


def _complaints(report: Report, listed: list[Ignore], valid: list[Ignore]) -> Iterator[str]:
    looked = (item for item in report.results if item.outcome in _JUDGED)
    judged = {name.casefold() for item in looked for name in (item.rule, item.code)}
    known = (*report.findings, *report.accepted)
    for entry in listed:
        about = f"the ignore entry for {entry.rule}" + (f" at {entry.path}" if entry.path else "")
        if entry not in valid:
            yield f"{about} expired on {entry.expires} and was not applied"
        elif entry.rule.casefold() in judged and not any(map(entry.accepts, known)):
            yield f"{about} fits no finding here"


def _accepted(result: RuleResult, entries: list[Ignore], baseline: AbstractSet[str]) -> RuleResult:
    if result.outcome is not Outcome.FAIL:
        return result
    left, may_stay = [], list(result.accepted)
    for finding in result.findings:
        reason = _reason(finding, entries, baseline)
        if reason is None:
            left.append(finding)
        else:
            may_stay.append(replace(finding, accepted=reason))
    outcome = Outcome.FAIL if left else Outcome.ACCEPTED
    return replace(result, findings=tuple(left), accepted=tuple(may_stay), outcome=outcome)


def _reason(
    finding: Finding, entries: list[Ignore], baseline: AbstractSet[str]
) -> Acceptance | None:
    for entry in entries:
        if entry.accepts(finding):
            return Acceptance(by="ignore", reason=entry.reason)
    return _BASELINE if finding.fingerprint in baseline else None
