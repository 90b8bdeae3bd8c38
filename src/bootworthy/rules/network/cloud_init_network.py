"""cloud-init and the distribution would both configure the network."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.network import Method
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.files import write
from bootworthy.rules.conditions import with_cloud_init
from bootworthy.rules.network.cards import lasting
from bootworthy.rules.provisioning import cloud_init_starts, network_left_alone
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

PATH = "/etc/cloud/cloud.cfg.d/92-azure_network.cfg"
TEXT = """\
# The distribution's own configuration brings eth0 up by DHCP; cloud-init must not write another.
network: {config: disabled}
"""

_METHODS = (Method.DHCP, Method.STATIC)


@rule(
    code="NET-08",
    name="two-network-managers",
    severity=Severity.WARNING,
    why="ifupdown starts a DHCP client for each of the two; the second one fails, and the unit.",
    when=(with_cloud_init,),
    article=(59,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
    deviation="apply_network_config: False keeps cloud-init from Azure's settings, but it still "
    "writes a DHCP configuration of its own; where the distribution has one, "
    "cloud-init's is switched off",
)
def check(subject: Subject) -> Iterator[Violation]:
    """cloud-init leaves the network alone where ifupdown configures a card itself.

    Other programs merge two configurations of one card, or take the first of them.
    """
    guest = subject.linux
    cards = [c for c in lasting(subject) if c.stack == "ifupdown" and c.method in _METHODS]
    if cards and cloud_init_starts(guest) and not network_left_alone(guest):
        yield Violation(
            message="cloud-init writes a network configuration beside the distribution's",
            place=Place(guest.cloud_init.origin.get("network", "/etc/cloud/cloud.cfg")),
            found=f"{cards[0].place} configures {cards[0].name}; cloud-init does so too",
            expected="network: {config: disabled}",
            fix=write(WriteFile(path=PATH, text=TEXT), "network", guest.cloud_init),
        )
