"""Which configured interfaces the image really brings to Azure."""

from __future__ import annotations

import fnmatch

from bootworthy.guest.facts.network import Interface, Method
from bootworthy.rules.provisioning import CLOUD_INIT_NETWORK_FILES, cloud_init_configures_network
from bootworthy.rules.subject import Subject

# What the article's net.ifnames=0 names the first card.
PRIMARY = "eth0"


def lasting(subject: Subject) -> tuple[Interface, ...]:
    """Interfaces whose configuration stays.

    What an earlier run of cloud-init wrote does not: generalizing removes it, and cloud-init
    writes it anew for each new machine.
    """
    guest = subject.linux
    cards = guest.network.interfaces
    written = [card for card in cards if _is_written_by_cloud_init(card)]
    if written and (subject.intent.generalized or cloud_init_configures_network(guest)):
        return tuple(card for card in cards if card not in written)
    return cards


def is_primary(card: Interface) -> bool:
    """Whether this configuration is for the first card, by its name or a pattern."""
    return fnmatch.fnmatchcase(PRIMARY, card.name or "*")


def brings_up_primary(card: Interface) -> bool:
    """Whether this configuration gives the first card of any machine its address at boot."""
    return is_primary(card) and card.method is Method.DHCP and card.starts and not card.mac


def _is_written_by_cloud_init(card: Interface) -> bool:
    return any(fnmatch.fnmatchcase(card.place.path, path) for path in CLOUD_INIT_NETWORK_FILES)
