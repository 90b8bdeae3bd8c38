"""The DHCP client sets the host name, which provisioning does."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATH = "/etc/sysconfig/network/dhcp"
_SWITCH = "DHCLIENT_SET_HOSTNAME"


@rule(
    code="NET-11",
    name="dhcp-sets-host-name",
    severity=Severity.WARNING,
    why="The name that Azure gave the machine is overwritten whenever its lease is renewed.",
    when=(has_guest,),
    sources=(
        "https://learn.microsoft.com/azure/virtual-machines/linux/suse-create-upload-vhd",
        sources.LISA,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where wicked is configured, DHCLIENT_SET_HOSTNAME is not yes."""
    if (value := _value(subject.linux.tree)).lower() == "yes":
        keys = SetKeys(path=_PATH, settings=((_SWITCH, "no"),))
        yield Violation(
            message="the host name comes from the DHCP server",
            place=Place(_PATH),
            found=f"{_SWITCH}={value}",
            expected=f"{_SWITCH}=no",
            fix=Fix(title="leave the host name to provisioning", steps=(keys,)),
        )


def _value(tree: Tree) -> str:
    try:
        return ShellFile(read_configuration(tree, _PATH) or "", _PATH).get(_SWITCH) or ""
    except GuestError:
        return ""  # what the shell cannot read sets nothing
