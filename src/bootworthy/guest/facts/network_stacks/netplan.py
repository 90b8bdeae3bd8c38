"""netplan, of Ubuntu: YAML files merged in the order of their names (netplan-yaml(5))."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from bootworthy.guest.facts import yaml_mapping
from bootworthy.guest.facts.network_stacks.interface import AZURE_DRIVER, Interface, Method
from bootworthy.guest.plain_text import corrupt, read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place

STACK = "netplan"

# netplan-generate(8): a file hides those of the same name in the directories behind it.
_DIRECTORIES = ("/run/netplan", "/etc/netplan", "/usr/lib/netplan", "/lib/netplan")

# The keys of ``network:`` that hold interfaces by id.
KINDS = (
    "ethernets",
    "bonds",
    "bridges",
    "vlans",
    "wifis",
    "modems",
    "tunnels",
    "vrfs",
    "dummy-devices",
)


def paths(tree: Tree) -> list[str]:
    """The files in force, in the order they are merged."""
    found: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for path in tree.glob(posixpath.join(directory, "*.yaml")):
            found.setdefault(posixpath.basename(path), path)
    return [found[name] for name in sorted(found)]


def interfaces(tree: Tree) -> Iterator[Interface]:
    """Every interface with its merged settings, at the place where it is first named.

    Raises:
        GuestError: ``guest-file-corrupt``, when a file is not YAML or too complex.
    """
    places: dict[tuple[str, str], Place] = {}
    merged: dict[tuple[str, str], Mapping[str, Any]] = {}
    for path in paths(tree):
        for key, settings in _definitions(tree, path):
            places.setdefault(key, Place(path, within=".".join(key)))
            merged[key] = _merge(merged.get(key, {}), settings)
    for key, settings in merged.items():
        yield _interface(key[1], settings, places[key])


def _definitions(tree: Tree, path: str) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    parsed = yaml_mapping.parse(read_configuration(tree, path) or "")
    if parsed.problem:
        raise corrupt(path, 1, parsed.problem)
    network = _mapping(parsed.data.get("network"))
    for kind in KINDS:
        for name, settings in _mapping(network.get(kind)).items():
            if name not in ("lo", "renderer"):
                yield (kind, str(name)), _mapping(settings)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    # netplan-yaml(5): mappings are merged, lists joined, everything else is replaced.
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            merged[key] = before + value
        else:
            merged[key] = value
    return merged


def _interface(name: str, settings: Mapping[str, Any], place: Place) -> Interface:
    match = _mapping(settings.get("match"))
    return Interface(
        name=str(settings.get("set-name") or _matched_name(name, settings, match)),
        method=_method(settings),
        mac=str(match.get("macaddress") or settings.get("macaddress") or ""),
        starts=settings.get("activation-mode") not in ("manual", "off"),
        stack=STACK,
        place=place,
    )


def _matched_name(name: str, settings: Mapping[str, Any], match: Mapping[str, Any]) -> str:
    if match.get("name"):
        return str(match["name"])
    drivers = match.get("driver") or []
    patterns = drivers if isinstance(drivers, list) else [drivers]
    is_ours = any(fnmatch.fnmatchcase(AZURE_DRIVER, str(pattern)) for pattern in patterns)
    return "*" if "match" in settings and (is_ours or not match) else name


def _method(settings: Mapping[str, Any]) -> Method:
    if settings.get("addresses"):
        return Method.STATIC
    return Method.DHCP if settings.get("dhcp4") is True else Method.MANUAL
