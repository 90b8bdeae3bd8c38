"""NetworkManager: keyfile profiles (nm-settings-keyfile(5))."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bootworthy.guest.editors.ini_file import IniFile
from bootworthy.guest.facts.network_stacks.interface import Interface, Method
from bootworthy.guest.facts.services import Services, UnitState
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

STACK = "networkmanager"
_UNIT = "NetworkManager.service"
_DIRECTORIES = (
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)

# src/libnm-core-impl/nm-keyfile-utils.c: hidden files and those of editors and package managers.
_IGNORED = re.compile(r"\..*|.*(~|\.(rpmsave|rpmorig|rpmnew|swp|bak|orig|pem|der))$", re.DOTALL)
_NO_CARDS = frozenset(("loopback", "vpn", "wireguard", "tun", "dummy", "bluetooth", "gsm"))
_WIRED = ("ethernet", "802-3-ethernet")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", re.ASCII)
_METHODS = {"auto": Method.DHCP, "manual": Method.STATIC}
_NO = frozenset(("false", "no", "0", "off"))


def is_used(services: Services, found: tuple[Interface, ...]) -> bool:
    """Whether the service starts, or there is no unit to tell but profiles."""
    unit = services.unit(_UNIT)
    return unit.starts or (unit.state is UnitState.ABSENT and bool(found))


def paths(tree: Tree) -> list[str]:
    """The profiles; one hides those of its name in the directories behind its own."""
    found: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for name in tree.names(directory):
            path = posixpath.join(directory, name)
            if not _IGNORED.fullmatch(name) and tree.is_file(path):
                found.setdefault(name, path)
    return list(found.values())


def interfaces(tree: Tree) -> Iterator[Interface]:
    """What the profiles configure; a damaged one is passed over, as NetworkManager does it."""
    for path in paths(tree):
        try:
            file = IniFile(read_configuration(tree, path) or "", path, continues=False)
        except GuestError:
            continue
        if file.get("connection", "type", "ethernet") not in _NO_CARDS:
            yield _interface(file, path)


def _interface(file: IniFile, path: str) -> Interface:
    is_port = bool(file.get("connection", "master") or file.get("connection", "controller"))
    method = file.get("ipv4", "method", "disabled" if is_port else "auto")
    return Interface(
        name=file.get("connection", "interface-name") or "*",
        method=_METHODS.get(method, Method.MANUAL),
        mac=_mac(file),
        starts=file.get("connection", "autoconnect").lower() not in _NO,
        stack=STACK,
        place=Place(path),
    )


def _mac(file: IniFile) -> str:
    values = (
        file.get(section, key)
        for section in _WIRED
        for key in ("mac-address", "cloned-mac-address")
    )
    # ``cloned-mac-address`` may also be a word: preserve, permanent, random, stable.
    return next((value for value in values if _MAC.fullmatch(value)), "")
