"""What a watched boot came to, before it is put into milestones and diagnoses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that speaks against the image: ``codes`` explain it, the likeliest first.

    ``saw`` is the evidence, ``where`` it comes from, ``at`` seconds since power-on. ``fallback``
    is named when no rule among the codes finds anything.
    """

    codes: tuple[str, ...]
    saw: str
    where: str
    at: float | None = None
    fallback: str = ""


@dataclass
class Outcome:
    """How far one boot came; times are in seconds since power-on."""

    login: float | None = None
    login_evidence: str = ""
    settled: float | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    has_tpm: bool = False
    """Whether the machine had a virtual TPM."""
    second_asked: bool = False
    """Whether the machine was restarted."""
    second_login: float | None = None
    second_answers: Mapping[str, str] = field(default_factory=dict)
