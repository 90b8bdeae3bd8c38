"""cloud-init and the distribution would both configure the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bootworthy.guest.facts.network import Method
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

PATH = "/etc/cloud/cloud.cfg.d/92-azure_network.cfg"
TEXT = """\
# The distribution's own configuration brings eth0 up by DHCP; cloud-init must not write another.
network: {config: disabled}
"""


@rule(
    code="NET-08",
    name="two-network-managers",
    severity=Severity.WARNING,
    why="Two configurations of one card start two DHCP clients; the second one fails at boot.",
    when=(generalized, with_cloud_init),
    article=(59,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
    deviation="apply_network_config: False keeps cloud-init from Azure's settings, but it still "
    "writes a DHCP configuration of its own; where the distribution has one, "
    "cloud-init's is switched off",
)
def check(subject: Subject) -> Iterator[Violation]:
    """cloud-init leaves the network alone where ifupdown configures a card itself."""
    guest = subject.linux
    cards = [card for card in guest.network.interfaces if card.stack == "ifupdown"]
    configured = any(card.method in (Method.DHCP, Method.STATIC) for card in cards)
    if configured and not _is_disabled(guest.cloud_init.config):
        yield Violation(
            message="cloud-init writes a network configuration beside the distribution's",
            place=Place(guest.cloud_init.origin.get("network", "/etc/cloud/cloud.cfg")),
            found=f"{cards[0].place} configures {cards[0].name}; cloud-init does so too",
            expected="network: {config: disabled}",
            fix=Fix(
                title="tell cloud-init to leave the network alone",
                steps=(WriteFile(path=PATH, text=TEXT),),
            ),
        )


def _is_disabled(config: Mapping[str, Any]) -> bool:
    network = config.get("network")
    return isinstance(network, Mapping) and network.get("config") == "disabled"
