"""ifcfg files made to bring one card up by DHCP: initscripts and NetworkManager, and wicked."""

from __future__ import annotations

import re

from bootworthy.guest.editors.shell_assignments import ShellFile

# What belongs to one network or to one card, in either dialect.
_FIXED = re.compile(
    r"(IPADDR|PREFIX|PREFIXLEN|NETMASK|NETWORK|BROADCAST|GATEWAY|REMOTE_IPADDR|LABEL)(_?\d+)?"
    r"|DNS\d|DOMAIN|HWADDR|MACADDR|LLADDR|UUID|DHCP_HOSTNAME|DHCP_CLIENT_ID|MASTER|SLAVE|BRIDGE"
)


def use_dhcp(text: str, interface: str, *, path: str, wicked: bool = False) -> str:
    """``text`` for ``interface``, with DHCP and no fixed address.

    Raises:
        GuestError: ``guest-file-corrupt``, when no shell would read it.
    """
    file = ShellFile(text, path)
    for name in dict.fromkeys(a.name for a in file.assignments if _FIXED.fullmatch(a.name)):
        file.unset(name)
    wanted = (
        {"BOOTPROTO": "dhcp", "STARTMODE": "auto"}
        if wicked
        else {"DEVICE": interface, "BOOTPROTO": "dhcp", "ONBOOT": "yes"}
    )
    for name, value in wanted.items():
        file.set(name, value)
    return file.text
