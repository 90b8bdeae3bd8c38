"""The DHCP client does not tell its host name, by which Azure's DNS would know the machine."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.network.dhcp_settings import DHCLIENT, DHCPCD, lines
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# dhclient.conf(5) and dhcpcd.conf(5).
_WANTED = dict.fromkeys(DHCLIENT, "send host-name = gethostname();") | {DHCPCD: "hostname"}


@rule(
    code="NET-12",
    name="host-name-not-sent",
    severity=Severity.NOTE,
    why="Other machines of the virtual network do not find this one by its name.",
    when=(has_guest,),
    sources=(sources.LISA, sources.AGENT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where dhclient or dhcpcd has a configuration, it sends the host name."""
    tree = subject.linux.tree
    for path, wanted in _WANTED.items():
        if tree.is_file(path) and not _sends(tree, path):
            yield Violation(
                message="the DHCP client does not send the host name",
                place=Place(path),
                found=f"no {wanted}",
                expected=wanted,
                fix=by_hand(f"add {wanted} to {path}"),
            )


def _sends(tree: Tree, path: str) -> bool:
    for _, words in lines(tree, path):
        if words[0] == "hostname" or words[:2] in (["send", "host-name"], ["send", "fqdn.fqdn"]):
            return True
    return False
