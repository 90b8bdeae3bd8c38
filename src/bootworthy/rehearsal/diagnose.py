"""Which rule explains a failed boot: the candidates' own checks decide, asked about the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from bootworthy.model.finding import Finding
from bootworthy.model.rehearsal import Diagnosis
from bootworthy.rehearsal.codes import BOOT_CODES, code_of
from bootworthy.rehearsal.outcome import Trouble

Ask: TypeAlias = Callable[[str], Finding | None]
"""What the rule of a code finds in the image; None when it finds nothing or cannot look."""


def diagnose(trouble: Trouble, ask: Ask) -> Diagnosis:
    """The first rule among the trouble's codes that finds something, else the likeliest."""
    for code in trouble.codes:
        if code not in BOOT_CODES and (finding := ask(code)) is not None:
            return _confirmed(trouble, finding)
    named = trouble.fallback or trouble.codes[0]
    known = code_of(named)
    return Diagnosis(
        rule=known.name,
        code=known.code,
        saw=trouble.saw,
        where=trouble.where,
        why=known.why,
        fix=known.fix,
        at=trouble.at,
    )


def _confirmed(trouble: Trouble, finding: Finding) -> Diagnosis:
    fix = finding.fix.title if finding.fix else code_of(finding.code).fix
    found = f"{finding.message} ({finding.place}: {finding.found})"
    return Diagnosis(
        rule=finding.rule,
        code=finding.code,
        saw=f"{trouble.saw}; in the image: {found}",
        where=trouble.where,
        why=finding.why,
        fix=fix,
        at=trouble.at,
        confirmed=True,
    )
