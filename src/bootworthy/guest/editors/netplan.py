"""netplan's YAML: the first Ethernet card made to take its address by DHCP (netplan-yaml(5)).

The text is edited where the parser says a definition begins and ends, so comments elsewhere stay.
The result is parsed again; a file for which that way does not give what is wanted, such as one in
flow style, is written anew.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bootworthy.guest.facts import yaml_mapping
from bootworthy.guest.facts.network_stacks.netplan import KINDS
from bootworthy.guest.plain_text import corrupt, require_text

# Settings of a card that suit any network.
_KEPT = ("dhcp6", "dhcp4-overrides", "dhcp6-overrides", "accept-ra", "link-local", "optional")

# Cards that are made of others, which are gone, or of hardware that Azure has not.
_GONE = tuple(kind for kind in KINDS if kind not in ("ethernets", "wifis", "modems"))

Settings = Mapping[str, Any]


def use_dhcp(text: str, interface: str | None, *, path: str) -> str:
    """``text`` with ``interface`` configured by DHCP and no fixed address or MAC.

    It takes the place of the first Ethernet card. With None nothing is configured, as suits the
    files beside the one that does it.

    Raises:
        GuestError: ``guest-file-corrupt``, when netplan could not read it.
    """
    data = _parse(require_text(text, path), path)
    wanted = _wanted(data, interface)
    if wanted == data:
        return text
    edited = _edited(text, data, wanted)
    parsed = yaml_mapping.parse(edited)
    if not parsed.problem and parsed.data == wanted:
        return edited
    return _dump(wanted)


def _parse(text: str, path: str) -> Settings:
    parsed = yaml_mapping.parse(text)
    if parsed.problem:
        raise corrupt(path, 1, parsed.problem)
    return parsed.data


def _wanted(data: Settings, interface: str | None) -> Settings:
    network = dict(_mapping(data.get("network")))
    for kind in _GONE:
        if network.get(kind):
            network[kind] = {}
    cards = _cards(_mapping(network.get("ethernets")), interface)
    if cards or "ethernets" in network:
        network["ethernets"] = cards
    if interface is not None:
        network.setdefault("version", 2)
    return {**data, "network": network} if network else data


def _cards(old: Settings, interface: str | None) -> Settings:
    chosen = interface if interface in old else next(iter(old), None)
    cards: dict[str, Any] = {}
    for name, settings in old.items():
        if interface is not None and name == chosen:
            cards[interface] = _card(_mapping(settings))
        elif not _is_fixed(_mapping(settings)):
            cards[name] = settings
    if interface is not None and interface not in cards:
        cards[interface] = {"dhcp4": True}
    return cards


def _card(settings: Settings) -> Settings:
    return {"dhcp4": True} | {key: settings[key] for key in _KEPT if key in settings}


def _is_fixed(settings: Settings) -> bool:
    match = _mapping(settings.get("match"))
    return bool(settings.get("addresses") or settings.get("macaddress") or match.get("macaddress"))


def _mapping(value: object) -> Settings:
    return value if isinstance(value, Mapping) else {}


def _edited(text: str, data: Settings, wanted: Settings) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    new, old = _mapping(wanted["network"]), _mapping(data.get("network"))
    spans = []
    pairs = _pairs(_child(root, "network"))
    for key, node in pairs:
        if key.value in new and new[key.value] != old.get(key.value):
            before = _mapping(old.get(key.value))
            spans += list(_changes(text, key, node, before, new[key.value]))
    for name in new.keys() - old.keys() if pairs else ():
        column, end = pairs[0][0].start_mark.column, _end(pairs[-1][1])
        spans.append((end, end, f"\n{' ' * column}{_block(name, new, column)}"))
    for start, end, replacement in sorted(spans, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _changes(
    text: str, key: yaml.Node, node: yaml.Node, old: Settings, new: Settings
) -> Iterator[tuple[int, int, str]]:
    """Pieces of the text to replace so that the mapping ``node`` becomes ``new``."""
    if not new:
        yield key.end_mark.index, _end(node), ": {}"
        return
    added = [name for name in new if name not in old]
    for child, value in _pairs(node):
        if new.get(child.value, value) == old.get(child.value):
            continue
        start, column = child.start_mark.index, child.start_mark.column
        if child.value in new:
            yield start, _end(value), _block(child.value, new, column)
        elif added:
            yield start, _end(value), _block(added.pop(0), new, column)
        else:
            yield start - column, _line_end(text, _end(value)), ""


def _block(name: str, settings: Settings, column: int) -> str:
    return textwrap.indent(_dump({name: settings[name]}), " " * column).strip()


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _end(node: yaml.Node) -> int:
    """Behind the last thing in a node; a block's own end mark lies behind comments after it."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, yaml.MappingNode) else last)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _dump(data: Settings) -> str:
    return yaml.safe_dump(dict(data), sort_keys=False, default_flow_style=False)
