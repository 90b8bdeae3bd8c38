"""ifcfg files: of Red Hat's initscripts and NetworkManager, and of SUSE's wicked (ifcfg(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.facts.network_stacks.interface import Interface, Method
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

RED_HAT = "ifcfg"
WICKED = "wicked"
DIRECTORIES = {RED_HAT: "/etc/sysconfig/network-scripts", WICKED: "/etc/sysconfig/network"}

# initscripts' network-functions and wicked's ifcfg parser leave these out.
_IGNORED = re.compile(r"ifcfg-lo|.*(~|\.(bak|orig|old|rpmnew|rpmorig|rpmsave|save|swp|template))$")
_DYNAMIC = ("dhcp", "dhcp4", "bootp")
_NO = ("no", "false", "0", "off")

# ifcfg(5) of wicked, STARTMODE: the others wait for a person.
_STARTING = ("auto", "onboot", "boot", "hotplug", "ifplugd", "nfsroot")


def interfaces(tree: Tree, stack: str) -> Iterator[Interface]:
    """What the files of one of the two kinds configure; a damaged one is passed over."""
    for path in paths(tree, stack):
        try:
            values = ShellFile(read_configuration(tree, path) or "", path).evaluate()
        except GuestError:
            continue
        make = _red_hat if stack == RED_HAT else _wicked
        yield make(values, path)


def paths(tree: Tree, stack: str) -> list[str]:
    """The ifcfg files of one of the two kinds."""
    prefix = f"{DIRECTORIES[stack]}/"
    found = tree.glob(f"{prefix}ifcfg-*")
    return [p for p in found if tree.is_file(p) and not _IGNORED.fullmatch(p[len(prefix) :])]


def _red_hat(values: Mapping[str, str], path: str) -> Interface:
    return Interface(
        name=values.get("DEVICE") or ("*" if values.get("HWADDR") else _suffix(path)),
        method=_method(values),
        mac=values.get("HWADDR") or values.get("MACADDR") or "",
        starts=values.get("ONBOOT", "yes").lower() not in _NO,
        stack=RED_HAT,
        place=Place(path),
    )


def _wicked(values: Mapping[str, str], path: str) -> Interface:
    return Interface(
        name=_suffix(path),
        method=_method(values),
        mac=values.get("LLADDR", ""),
        starts=values.get("STARTMODE", "manual").lower() in _STARTING,
        stack=WICKED,
        place=Place(path),
    )


def _suffix(path: str) -> str:
    return path.rpartition("/ifcfg-")[2]


def _method(values: Mapping[str, str]) -> Method:
    if any(name.startswith("IPADDR") and value for name, value in values.items()):
        return Method.STATIC
    return Method.DHCP if values.get("BOOTPROTO", "").lower() in _DYNAMIC else Method.MANUAL
