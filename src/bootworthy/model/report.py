"""A run's result as data: every report format is made from this, now or from saved JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bootworthy.model.finding import Finding, Fix, Outcome, Safety, Severity
from bootworthy.model.image import GuestInfo, ImageInfo
from bootworthy.model.plan import Change
from bootworthy.model.rehearsal import Verdict
from bootworthy.model.rule import RuleInfo

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why something a rule needed could not be read: an error's code, message and hint."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """What became of one rule: its outcome, why it was not checked, its findings.

    When the outcome is fixed, ``findings`` are those that were there before.
    ``unreadable`` is set when the image is broken where the rule had to look; ``accepted`` are
    findings that may stay. ``about`` is what the rule says of itself.
    """

    rule: str
    code: str
    outcome: Outcome
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Finding, ...] = ()
    unreadable: Unreadable | None = None
    about: RuleInfo | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that one run of ``check``, ``prepare`` or ``rehearse`` has to say.

    ``seconds`` is wall time; ``output`` the VHD that was written, if any; ``rehearsal`` what its
    first boot proved, if it was rehearsed. ``opened_with`` are the options that the subject was
    opened with, for the command that is advised.
    """

    command: str
    version: str
    subject: str
    results: tuple[RuleResult, ...]
    seconds: float
    engine: str = ""
    image: ImageInfo | None = None
    guest: GuestInfo | None = None
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    output: str | None = None
    rehearsal: Verdict | None = None
    opened_with: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding left, the worst first, in the order of the rules."""
        left = [f for r in self.results if r.outcome is Outcome.FAIL for f in r.findings]
        return tuple(sorted(left, key=lambda finding: -finding.severity))

    @property
    def accepted(self) -> tuple[Finding, ...]:
        """Every finding that may stay."""
        return tuple(finding for result in self.results for finding in result.accepted)

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """What is broken in the image, each thing once."""
        found = (result.unreadable for result in self.results if result.unreadable)
        return tuple(dict.fromkeys(found))

    def count(self, outcome: Outcome) -> int:
        """How many rules ended this way."""
        return sum(result.outcome is outcome for result in self.results)

    def count_severity(self, severity: Severity) -> int:
        """How many findings of this severity are left."""
        return sum(finding.severity is severity for finding in self.findings)

    def reaches(self, threshold: Severity | None) -> bool:
        """Whether a finding is at or above ``threshold`` (None: never), or a rule crashed."""
        if threshold is None:
            return False
        crashed = self.count(Outcome.ERROR) > 0
        return crashed or any(finding.severity >= threshold for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-able data; ``report/report-v1.schema.json`` describes it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "bootworthy", "version": self.version},
            "command": self.command,
            "subject": self.subject,
            "engine": self.engine,
            "seconds": round(self.seconds, 3),
            "image": asdict(self.image) if self.image else None,
            "guest": asdict(self.guest) if self.guest else None,
            "summary": self._summary(),
            "unreadable": [asdict(item) for item in self.unreadable],
            "rules": [_result_dict(result) for result in self.results],
            "changes": [change.to_dict() for change in self.changes],
            "notes": list(self.notes),
            "output": self.output,
            "rehearsal": self.rehearsal.to_dict() if self.rehearsal else None,
            "opened_with": list(self.opened_with),
        }

    @classmethod
    def of_rehearsal(cls, verdict: Verdict) -> Report:
        """A report that has nothing but a rehearsal to tell."""
        return cls(
            command="rehearse",
            version=verdict.version,
            subject=verdict.subject,
            results=(),
            seconds=verdict.seconds,
            rehearsal=verdict,
        )

    @classmethod
    def from_dict(cls, data: object) -> Report:
        """The report that ``to_dict`` made ``data`` of.

        Raises:
            UsageError: ``data`` is no report, or one of another schema version.
        """
        from bootworthy.model.reading import report_from

        return report_from(data)

    def _summary(self) -> dict[str, int]:
        outcomes = {outcome.name.lower(): self.count(outcome) for outcome in Outcome}
        severities = {level.word + "s": self.count_severity(level) for level in Severity}
        return {"rules": len(self.results)} | outcomes | severities


def _result_dict(result: RuleResult) -> dict[str, Any]:
    return {
        "rule": result.rule,
        "code": result.code,
        "outcome": result.outcome.value,
        "reason": result.reason,
        "findings": [_finding_dict(finding) for finding in result.findings],
        "accepted": [_finding_dict(finding) for finding in result.accepted],
        "unreadable": asdict(result.unreadable) if result.unreadable else None,
        "about": _about_dict(result.about) if result.about else None,
    }


def _about_dict(about: RuleInfo) -> dict[str, Any]:
    return asdict(about) | {"severity": about.severity.word}


def _finding_dict(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity.word,
        "message": finding.message,
        "place": asdict(finding.place),
        "related": [asdict(place) for place in finding.related],
        "found": finding.found,
        "expected": finding.expected,
        "why": finding.why,
        "fix": _fix_dict(finding.fix),
        "accepted": asdict(finding.accepted) if finding.accepted else None,
        "fingerprint": finding.fingerprint,
    }


def _fix_dict(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {
        "title": fix.title,
        "safety": fix.safety.value,
        "runs_guest_code": fix.runs_guest_code,
        "by_hand": fix.safety is Safety.BY_HAND,
        "steps": [step.to_dict() for step in fix.steps],
    }
