"""systemd-networkd: a .network file made to bring one card up by DHCP (systemd.network(5))."""

from __future__ import annotations

from bootworthy.guest.editors.ini_file import IniFile

_ADDRESS_SECTIONS = ("Address", "Route", "RoutingPolicyRule", "Neighbor", "NextHop")
_ADDRESS_KEYS = ("Address", "Gateway", "DNS", "Domains", "NTP")


def use_dhcp(text: str, interface: str, *, path: str) -> str:
    """``text`` matching ``interface`` by its name alone, with DHCP and no fixed address.

    Raises:
        GuestError: ``guest-file-corrupt``, when systemd could not read it.
    """
    file = IniFile(text, path)
    keys = [entry.key for entry in file.entries if entry.section == "Match"]
    file.remove("Match", *(key for key in dict.fromkeys(keys) if key != "Name"))
    file.set("Match", "Name", interface)
    for section in _ADDRESS_SECTIONS:
        file.remove_section(section)
    file.remove("Network", *_ADDRESS_KEYS)
    file.remove("Link", "MACAddress", "ActivationPolicy", "Unmanaged")
    file.set("Network", "DHCP", "yes")
    return file.text
