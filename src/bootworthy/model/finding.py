"""One violation of one rule: where it is, what was found, what is expected, how it is mended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bootworthy.model.steps import Plane, Step


class Severity(IntEnum):
    """How bad a violation is on Azure.

    error: it does not boot, does not provision, or Azure refuses it. warning: degraded, fragile or
    against policy. note: advice.
    """

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The lower-case word used in reports."""
        return self.name.lower()


class Safety(StrEnum):
    """How far a fix may be applied without asking."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    BY_HAND = "by hand"


class Outcome(StrEnum):
    """What became of one rule in one run.

    accepted: it found something, and the user said for each finding that it may stay.
    """

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    FIXED = "fixed"
    NOT_APPLICABLE = "not applicable"
    NOT_CHECKED = "not checked"
    ACCEPTED = "accepted"
    ERROR = "error"


@dataclass(frozen=True)
class Place:
    """Where a violation is: a path in the guest or on the host, and where in it.

    ``within`` says what a path and a line cannot: a boot entry's title, a path inside an
    initramfs, an offset in the container, a partition.
    """

    path: str
    line: int | None = None
    within: str = ""

    def __str__(self) -> str:
        """The place as compilers print it."""
        text = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{text} ({self.within})" if self.within else text


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A titled list of steps; by hand when there are none."""

    title: str
    steps: tuple[Step, ...] = ()
    safety: Safety = Safety.SAFE

    @property
    def runs_guest_code(self) -> bool:
        """Whether a program of the guest has to run."""
        return any(step.plane is Plane.RUN for step in self.steps)


def by_hand(title: str) -> Fix:
    """Advice that only a person can follow."""
    return Fix(title=title, safety=Safety.BY_HAND)


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Why a finding may stay: the reason a person gave, and where (``ignore`` or ``baseline``)."""

    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What a rule yields; the run adds the rule's own name, code and severity.

    ``severity`` overrides the rule's where the case at hand is milder or worse.
    """

    message: str
    place: Place
    found: str
    expected: str
    fix: Fix | None = None
    severity: Severity | None = None
    related: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation of one rule, as reports show it; ``accepted`` when it may stay."""

    rule: str
    code: str
    severity: Severity
    message: str
    place: Place
    found: str
    expected: str
    why: str
    fix: Fix | None = None
    related: tuple[Place, ...] = ()
    accepted: Acceptance | None = None

    @property
    def fingerprint(self) -> str:
        """A stable identity: rule, logical place and evidence, without line numbers."""
        parts = (self.rule, self.place.path, self.place.within, self.found)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
