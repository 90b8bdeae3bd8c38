"""NetworkManager: a profile made to bring one card up by DHCP (nm-settings-keyfile(5))."""

from __future__ import annotations

import re

from bootworthy.guest.editors.ini_file import IniFile

_WIRED = ("ethernet", "802-3-ethernet")
_FIXED = re.compile(r"(address|addresses|route|routes|dns|gateway|dhcp-client-id|dhcp-hostname)\d*")


def use_dhcp(text: str, interface: str, *, path: str) -> str:
    """``text`` tied to ``interface`` by its name alone, with DHCP and no fixed address.

    Raises:
        GuestError: ``guest-file-corrupt``, when it is no keyfile.
    """
    file = IniFile(text, path, continues=False)
    file.set("connection", "interface-name", interface)
    file.remove("connection", "autoconnect", "permissions")
    for section in _WIRED:
        file.remove(section, "mac-address", "cloned-mac-address")
    for section in ("ipv4", "ipv6"):
        keys = [e.key for e in file.entries if e.section == section and _FIXED.match(e.key)]
        file.remove(section, *dict.fromkeys(keys))
    file.set("ipv4", "method", "auto")
    if file.get("ipv6", "method") == "manual":
        file.set("ipv6", "method", "auto")
    return file.text
