"""What a rule says of itself, as data: reports carry it, so that they can explain without rules."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.model.finding import Severity


@dataclass(frozen=True, kw_only=True)
class RuleInfo:
    """A rule's card: what it finds, why that matters, what it rests on.

    ``area`` is the part of the machine it looks at (``container``, ``initramfs``, ``network``…).
    ``article`` numbers statements of Microsoft's article; ``deviation`` says where and why the
    rule does not follow it to the letter.
    """

    severity: Severity
    area: str
    summary: str
    why: str
    article: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    deviation: str = ""
    since: str = ""
