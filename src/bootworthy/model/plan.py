"""A plan: the steps of many fixes, ordered and merged, and what carrying them out changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bootworthy.model.finding import Finding
from bootworthy.model.steps import Step


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """A step and the codes of the rules that asked for it."""

    step: Step
    rules: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The planned step as JSON-able data."""
        return self.step.to_dict() | {"rules": list(self.rules)}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps in the order they are carried out; empty when nothing has to change."""

    steps: tuple[PlannedStep, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON-able data."""
        return {"steps": [step.to_dict() for step in self.steps]}


class ChangeKind(StrEnum):
    """What sort of thing changed."""

    DISK = "disk"
    CREATED = "created"
    EDITED = "edited"
    REMOVED = "removed"
    PROGRAM = "program"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing a step did: a file, a program that ran, or an edit of the disk.

    ``diff`` is a unified diff of a text file, empty for binary files and programs. ``detail``
    says the rest in words (a program's argv, the old and new size, why a step was skipped).
    """

    kind: ChangeKind
    what: str
    step: str
    detail: str = ""
    diff: str = ""
    rules: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON-able data."""
        return {
            "kind": self.kind.value,
            "what": self.what,
            "step": self.step,
            "detail": self.detail,
            "diff": self.diff,
            "rules": list(self.rules),
        }


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A plan, the changes it would make, and the findings that may stay, each with the reason."""

    plan: Plan
    changes: tuple[Change, ...] = field(default=())
    accepted: tuple[Finding, ...] = ()
