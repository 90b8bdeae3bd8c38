"""Have the first interface configured by DHCP, whichever program configures it."""

from __future__ import annotations

from bootworthy.guest.editors.dhcp import use_dhcp
from bootworthy.model.steps import ConfigureDhcp
from bootworthy.work.target import StepFailedError, Target


def configure_dhcp(step: ConfigureDhcp, target: Target) -> None:
    """Edit the configuration of the stack that is in use.

    Raises:
        StepFailedError: the guest configures its network by no program that we know.
    """
    if not use_dhcp(target.tree, target.guest.network, step.interface):
        raise StepFailedError("no known program configures the network")
