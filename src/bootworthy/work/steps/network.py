"""Have the first interface configured by DHCP, whichever program configures it."""

from __future__ import annotations

from bootworthy.guest.editors import interfaces
from bootworthy.model.steps import ConfigureDhcp
from bootworthy.work.target import StepFailedError, Target

_IFUPDOWN = "/etc/network/interfaces"


def configure_dhcp(step: ConfigureDhcp, target: Target) -> None:
    """Edit the configuration of the stack that is in use.

    Raises:
        StepFailedError: the guest uses a stack that bootworthy does not edit yet.
    """
    network = target.guest.network
    stacks = {card.stack for card in network.interfaces} or set(network.stacks)
    if "ifupdown" not in stacks:
        names = ", ".join(sorted(stacks)) or "no known program"
        raise StepFailedError(f"the network is configured by {names}, which is not edited yet")
    for path in dict.fromkeys((_IFUPDOWN, *(card.place.path for card in network.interfaces))):
        keep = path == _IFUPDOWN
        old = target.tree.text_or(path)
        new = interfaces.use_dhcp(old, step.interface if keep else None, path=path)
        if new != old:
            target.tree.write_text(path, new)
