"""The SSH server does not keep idle connections alive."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.sshd import CONFIG
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEYWORD = "ClientAliveInterval"

# Certification accepts 30 to 235 seconds and recommends 180; Azure's load balancers and NAT drop
# connections that are idle for four minutes.
_LOWEST, _HIGHEST, _SECONDS = 30, 235, 180

# The first value read is the one in force, so the name sorts before cloud-init's 50-.
DROP_IN = WriteFile(
    path="/etc/ssh/sshd_config.d/10-azure-keepalive.conf",
    text=f"# Azure drops connections that are idle for four minutes.\n{_KEYWORD} {_SECONDS}\n",
    mode=0o600,
)


@rule(
    code="SEC-03",
    name="ssh-keepalive-wrong",
    severity=Severity.WARNING,
    why="Azure's network drops idle SSH sessions after four minutes, and certification asks for a "
    "keepalive.",
    when=(has_guest,),
    sources=(sources.CERTIFICATION, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """ClientAliveInterval is between 30 and 235 seconds."""
    sshd = subject.linux.sshd
    if sshd.program is None:
        return
    setting = sshd.value(_KEYWORD)
    value = setting.value if setting else "0"
    if value.isdigit() and _LOWEST <= int(value[:6]) <= _HIGHEST:
        return
    yield Violation(
        message=f"{_KEYWORD} is {value}",
        place=setting.place if setting else Place(CONFIG),
        found=f"{_KEYWORD} {value}",
        expected=f"{_KEYWORD} {_SECONDS}",
        fix=_fix(subject),
    )


def _fix(subject: Subject) -> Fix:
    """A drop-in where the configuration begins with them; else the owner's file is his own."""
    lines = subject.linux.tree.text_or(CONFIG).lower().splitlines()
    words = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if words and words[0][0] == "include" and "/etc/ssh/sshd_config.d/*.conf" in words[0]:
        return Fix(title=f"write {DROP_IN.path}", steps=(DROP_IN,))
    return by_hand(f"set {_KEYWORD} {_SECONDS} in {CONFIG}")
