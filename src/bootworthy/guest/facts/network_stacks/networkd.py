"""systemd-networkd: systemd.network(5)."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator

from bootworthy.guest.editors.ini_file import IniFile
from bootworthy.guest.facts.network_stacks.interface import AZURE_DRIVER, Interface, Method
from bootworthy.guest.facts.services import Services, UnitState
from bootworthy.guest.facts.systemd_units import link_target
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

STACK = "networkd"
_UNIT = "systemd-networkd.service"
_DIRECTORIES = (
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)

# Conditions under which the files that systemd itself ships are for containers and the like.
_NARROW = (
    "Virtualization",
    "Kind",
    "Host",
    "KernelCommandLine",
    "Architecture",
    "WLANInterfaceType",
)

# Drivers of cards that only containers and virtual machines on the guest itself have; systemd
# before release 254 tells its own files for them by these.
_VIRTUAL = frozenset(("bridge", "dummy", "tap", "tun", "veth"))

_ON = frozenset(("yes", "true", "1", "on", "y", "t", "both", "ipv4"))


def is_used(services: Services, found: tuple[Interface, ...]) -> bool:
    """Whether the service starts, or there is no unit to tell but configuration."""
    unit = services.unit(_UNIT)
    return unit.starts or (unit.state is UnitState.ABSENT and bool(found))


def paths(tree: Tree, suffix: str) -> list[str]:
    """The files in force with this suffix (``.network``, ``.link``), in the order of reading.

    A file hides those of its name in the directories behind its own; a link to /dev/null, or an
    empty file, only hides.
    """
    found: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for path in tree.glob(posixpath.join(directory, f"*{suffix}")):
            found.setdefault(posixpath.basename(path), path)
    return [path for _, path in sorted(found.items()) if not is_mask(tree, path)]


def is_mask(tree: Tree, path: str) -> bool:
    """Whether the file says nothing and only hides others of its name."""
    if tree.is_link(path) and link_target(tree, path) == "/dev/null":
        return True
    return not tree.is_file(path) or tree.status(path).size == 0


def interfaces(tree: Tree) -> Iterator[Interface]:
    """What .network files configure, one interface for every name pattern."""
    for path in paths(tree, ".network"):
        file = parse(tree, path)
        if file is not None and not _is_narrow(file):
            yield from _interfaces(file, path)


def parse(tree: Tree, path: str) -> IniFile | None:
    """A file of sections, None when it is damaged: systemd passes it over."""
    try:
        return IniFile(read_configuration(tree, path) or "", path)
    except GuestError:
        return None


def _is_narrow(file: IniFile) -> bool:
    drivers = frozenset(file.get("Match", "Driver").split())
    is_virtual = bool(drivers) and drivers <= _VIRTUAL
    return is_virtual or any(file.get("Match", key) for key in _NARROW)


def _interfaces(file: IniFile, path: str) -> Iterator[Interface]:
    if file.get("Link", "Unmanaged").lower() in _ON:
        return
    names = file.get("Match", "Name").split() or [_name_by_driver(file)]
    mac = file.get("Match", "MACAddress") or file.get("Match", "PermanentMACAddress")
    for name in names:
        if name != "lo" and not name.startswith("!"):
            yield Interface(
                name=name,
                method=_method(file),
                mac=mac,
                starts=file.get("Link", "ActivationPolicy")
                not in ("manual", "always-down", "down"),
                stack=STACK,
                place=Place(path),
            )


def _name_by_driver(file: IniFile) -> str:
    patterns = file.get("Match", "Driver").split()
    is_ours = any(fnmatch.fnmatchcase(AZURE_DRIVER, pattern) for pattern in patterns)
    return "*" if is_ours or not patterns else f"driver {patterns[0]}"


def _method(file: IniFile) -> Method:
    if file.values("Network", "Address") or file.values("Address", "Address"):
        return Method.STATIC
    return Method.DHCP if file.get("Network", "DHCP").lower() in _ON else Method.MANUAL
