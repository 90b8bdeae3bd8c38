"""How network interfaces get their addresses, for every stack found in the guest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.facts import pinned_names
from bootworthy.guest.facts.network_stacks import (
    ifcfg,
    ifupdown,
    netplan,
    network_manager,
    networkd,
)
from bootworthy.guest.facts.network_stacks.interface import Interface, Method
from bootworthy.guest.facts.pinned_names import PinnedName
from bootworthy.guest.facts.services import Services
from bootworthy.guest.tree import Tree

__all__ = ["Interface", "Method", "Network", "PinnedName", "read"]


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network configuration: loopback left out.

    ``stacks`` names what is in use (ifupdown, netplan, networkd, networkmanager, ifcfg, wicked).
    """

    stacks: tuple[str, ...]
    interfaces: tuple[Interface, ...]
    pinned_names: tuple[PinnedName, ...]


def read(tree: Tree) -> Network:
    """The network configuration of the guest; what is not in use is left out.

    Raises:
        GuestError: ``guest-file-corrupt``, when ifupdown or netplan could not read a file.
    """
    used = dict(_stacks(tree))
    return Network(
        stacks=tuple(used),
        interfaces=tuple(interface for found in used.values() for interface in found),
        pinned_names=pinned_names.read(tree),
    )


def _stacks(tree: Tree) -> Iterator[tuple[str, tuple[Interface, ...]]]:
    services = Services(tree)
    found = tuple(ifupdown.interfaces(tree))
    if found or ifupdown.is_used(tree):
        yield ifupdown.STACK, found
    if found := tuple(netplan.interfaces(tree)):
        yield netplan.STACK, found
    found = tuple(networkd.interfaces(tree))
    if networkd.is_used(services, found):
        yield networkd.STACK, found
    found = tuple(network_manager.interfaces(tree))
    if network_manager.is_used(services, found):
        yield network_manager.STACK, found
    if found := tuple(ifcfg.interfaces(tree, ifcfg.RED_HAT)):
        yield ifcfg.RED_HAT, found
    found = tuple(ifcfg.interfaces(tree, ifcfg.WICKED))
    if found or services.unit("wicked.service").starts:
        yield ifcfg.WICKED, found
