"""The network scripts are told to do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys, Step, WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATH = "/etc/sysconfig/network"
_SCRIPTS = "/etc/sysconfig/network-scripts"
_SWITCH = "NETWORKING"


@rule(
    code="NET-04",
    name="networking-off",
    severity=Severity.ERROR,
    why="The network service ends before it brings an interface up, and Azure hears nothing.",
    when=(has_guest,),
    sources=(
        sources.RHEL_PAGE,
        sources.LISA,
        "https://github.com/fedora-sysv/initscripts/blob/master/etc/rc.d/init.d/network",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where initscripts start the network, /etc/sysconfig/network is there and does not say no.

    A note where NetworkManager does, which takes no notice.
    """
    guest = subject.linux
    if not guest.tree.is_dir(_SCRIPTS):
        return
    by_script = guest.services.unit("network.service").starts
    there = guest.tree.is_file(_PATH)
    if _value(guest.tree).lower() == "no" or (by_script and not there):
        text = f"{_SWITCH}=yes\n"
        keys = SetKeys(path=_PATH, settings=((_SWITCH, "yes"),))
        step: Step = keys if there else WriteFile(path=_PATH, text=text)
        yield Violation(
            message="the network scripts are switched off",
            place=Place(_PATH),
            found=f"{_SWITCH}=no" if there else "no such file",
            expected=f"{_SWITCH}=yes",
            fix=Fix(title=f"set {_SWITCH}=yes", steps=(step,)),
            severity=None if by_script else Severity.NOTE,
        )


def _value(tree: Tree) -> str:
    try:
        return ShellFile(read_configuration(tree, _PATH) or "", _PATH).get(_SWITCH) or ""
    except GuestError:
        return ""  # what the shell cannot read sets nothing
