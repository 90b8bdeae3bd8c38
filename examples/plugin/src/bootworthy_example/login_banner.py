"""Nothing tells whoever logs in whose machine it is."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import WriteFile
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATH = "/etc/issue.net"
_BANNER = "This machine is Acme's. Use is logged.\n"

_FIX = Fix(title="write Acme's banner", steps=(WriteFile(path=_PATH, text=_BANNER),))


@rule(
    code="ACME-01",
    name="login-banner-missing",
    severity=Severity.WARNING,
    why="Acme's policy asks for a banner on every machine.",
    when=(has_guest,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """/etc/issue.net holds Acme's banner."""
    found = subject.linux.tree.text_or(_PATH)
    if found != _BANNER:
        yield Violation(
            message="the login banner is not Acme's",
            place=Place(_PATH),
            found=found.strip() or "no banner",
            expected=_BANNER.strip(),
            fix=_FIX,
        )
