"""The first network card made to take its address by DHCP, whichever program configures it."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Sequence

from bootworthy.guest.editors import (
    ifcfg,
    interfaces,
    netplan,
    network_manager,
    networkd,
)
from bootworthy.guest.facts.network import Interface, Method, Network
from bootworthy.guest.facts.network_stacks import ifupdown
from bootworthy.guest.facts.network_stacks import netplan as netplan_facts
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import WritableTree

_NETWORKD_FILE = "/etc/systemd/network/20-{}.network"
_NETWORKD_TEXT = "[Match]\nName={}\n\n[Network]\nDHCP=yes\n"

# These bring up a card they have no configuration for, by DHCP.
_AUTOMATIC = ("networkmanager", "wicked")


def use_dhcp(tree: WritableTree, network: Network, interface: str) -> bool:
    """Have ``interface`` configured by DHCP in the stack that is in use, and nothing fixed in any.

    Returns whether that could be done: False when the guest has no stack that is known.

    Raises:
        GuestError: ``guest-file-corrupt``, when a file cannot be read.
    """
    with_cards = [s for s in network.stacks if any(c.stack == s for c in network.interfaces)]
    first = next(iter(with_cards or network.stacks), None)
    for stack in dict.fromkeys((*with_cards, *([first] if first else []))):
        cards = [card for card in network.interfaces if card.stack == stack]
        _STACKS[stack](tree, cards, interface if stack == first else None)
    return first is not None


def _ifupdown(tree: WritableTree, cards: Sequence[Interface], interface: str | None) -> None:
    paths = [card.place.path for card in cards]
    for path in dict.fromkeys((ifupdown.PATH, *paths)):
        old = read_configuration(tree, path) or ""
        if old or interface:
            name = interface if path == ifupdown.PATH else None
            _store(tree, path, interfaces.use_dhcp(old, name, path=path))


def _netplan(tree: WritableTree, cards: Sequence[Interface], interface: str | None) -> None:
    paths = netplan_facts.paths(tree)
    wired = [c.place.path for c in cards if c.place.within.startswith("ethernets.")]
    main = next(iter(wired), paths[0])
    for path in paths:
        name = interface if path == main else None
        old = read_configuration(tree, path) or ""
        _store(tree, path, netplan.use_dhcp(old, name, path=path))


def _networkd(tree: WritableTree, cards: Sequence[Interface], interface: str | None) -> None:
    if interface and not cards:
        tree.write_text(_NETWORKD_FILE.format(interface), _NETWORKD_TEXT.format(interface))
    _edit_files(tree, cards, interface, networkd.use_dhcp)


def _network_manager(tree: WritableTree, cards: Sequence[Interface], interface: str | None) -> None:
    _edit_files(tree, cards, interface, network_manager.use_dhcp)


def _ifcfg(tree: WritableTree, cards: Sequence[Interface], interface: str | None) -> None:
    def edit(text: str, name: str, *, path: str) -> str:
        return ifcfg.use_dhcp(text, name, path=path, wicked=cards[0].stack == "wicked")

    main = _edit_files(tree, cards, interface, edit)
    if main and interface:
        wanted = posixpath.join(posixpath.dirname(main), f"ifcfg-{interface}")
        if main != wanted:
            tree.write_text(wanted, tree.text(main))
            tree.remove(main)


_STACKS: dict[str, Callable[[WritableTree, Sequence[Interface], str | None], None]] = {
    "ifupdown": _ifupdown,
    "netplan": _netplan,
    "networkd": _networkd,
    "networkmanager": _network_manager,
    "ifcfg": _ifcfg,
    "wicked": _ifcfg,
}


def _edit_files(
    tree: WritableTree,
    cards: Sequence[Interface],
    interface: str | None,
    edit: Callable[..., str],
) -> str | None:
    """One file a card: the first becomes ``interface``, others that are fixed go."""
    main = _main(cards, interface) if interface else None
    for path in dict.fromkeys(card.place.path for card in cards):
        fixed = any(_is_fixed(card) for card in cards if card.place.path == path)
        if path == main:
            _store(tree, path, edit(tree.text(path), interface, path=path))
        elif fixed:
            tree.remove(path)
    return main


def _main(cards: Sequence[Interface], interface: str) -> str | None:
    """The file of the card that has the name already, else the first."""
    named = [card for card in cards if fnmatch.fnmatchcase(interface, card.name)]
    return next((card.place.path for card in (*named, *cards)), None)


def _is_fixed(card: Interface) -> bool:
    return card.method is Method.STATIC or bool(card.mac)


def _store(tree: WritableTree, path: str, text: str) -> None:
    if text != tree.text_or(path):
        tree.write_text(path, text)
