"""The agent calls a method that the guest's Python does not have any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bootworthy.guest.families.family import Need
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.rules import software, sources
from bootworthy.rules.agent import interpreter
from bootworthy.rules.conditions import generalized, with_agent
from bootworthy.rules.provisioning import agent_provisions
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# What's New in Python 3.9, "Removed": array.array's tostring(). With it agents before 2.2.54 look
# for the interface by which they publish the host name (osutil/default.py, _get_all_interfaces;
# mended by commit 1399bbe). They crash and begin again every 15 seconds; Debian 11 ships one.
_FIRST_WITHOUT = (3, 9)
_MODULE = "azurelinuxagent/common/osutil/default.py"
_CALL = ".tostring()"


@rule(
    code="AGT-26",
    name="agent-too-old-for-python",
    severity=Severity.ERROR,
    why="The agent crashes when it sets the host name, again and again, and never reports ready.",
    when=(generalized, with_agent),
    sources=(
        sources.AGENT_SOURCE,
        "https://docs.python.org/3/whatsnew/3.9.html#removed",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """An agent that provisions does without array.tostring() under Python 3.9 and later."""
    guest = subject.linux
    module = f"{guest.agent.modules_dir}/{_MODULE}"
    python = interpreter.version(interpreter.find(guest) or "")
    if python < _FIRST_WITHOUT or not agent_provisions(guest):
        return
    if _CALL in guest.tree.text_or(module):
        yield Violation(
            message=f"agent {guest.agent.version or 'of unknown version'} cannot provision under "
            f"Python {'.'.join(map(str, python))}",
            place=Place(module),
            found=f"it calls array{_CALL}",
            expected="agent 2.2.54 or later",
            fix=_newer(guest),
        )


def _newer(guest: Guest) -> Fix:
    """The newest that the package manager finds; Debian 11 has none, a package of --packages is."""
    fix = software.install(guest, Need.AGENT)
    return replace(fix, title=f"{fix.title}: 2.2.54 or later, or prepare with --provisioning both")
