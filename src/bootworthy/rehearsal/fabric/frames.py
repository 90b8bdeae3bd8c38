"""What the guest's frames show that no service sees: signs of life, foreign addresses, ways out."""

from __future__ import annotations

import ipaddress
import socket
import struct

from bootworthy.rehearsal.fabric import addresses
from bootworthy.rehearsal.fabric.addresses import Nic
from bootworthy.rehearsal.fabric.events import EventLog

# include/uapi/linux/if_ether.h
_ETHERNET = 14
_IPV4, _ARP, _IPV6 = 0x0800, 0x0806, 0x86DD

# include/uapi/linux/in.h
_ICMP, _TCP, _UDP = 1, 6, 17
_PORTED = {_TCP: "tcp", _UDP: "udp"}
_SYN, _SYN_OR_ACK = 0x02, 0x12
_FLAGS = 13
_UDP_HEADER = 8
_FRAGMENT_OFFSET = 0x1FFF

_SERVED = {
    (addresses.WIRE_SERVER, _TCP, addresses.HTTP_PORT),
    (addresses.WIRE_SERVER, _TCP, addresses.HOST_PLUGIN_PORT),
    (addresses.WIRE_SERVER, _UDP, 53),
    (addresses.WIRE_SERVER, _UDP, 67),
    (addresses.METADATA, _TCP, addresses.HTTP_PORT),
}

_OURS = (addresses.WIRE_SERVER, addresses.METADATA)

# Enough for any list a person reads; a port scan must not fill the log.
_MOST_PLACES = 500


class FrameWatch:
    """Reads what the guest sends on one interface; tells each thing once."""

    def __init__(self, nic: Nic, events: EventLog) -> None:
        self._nic = nic
        self._events = events
        self._subnet = ipaddress.IPv4Network((nic.network, 24))
        self._told: set[tuple[str, str]] = set()

    def answer(self, raw: socket.socket) -> None:
        """Read one frame."""
        self.see(raw.recv(256))

    def see(self, frame: bytes) -> None:
        """Judge a frame, or the first 256 bytes of it."""
        if len(frame) < _ETHERNET:
            return
        self._tell("link", f"nic {self._nic.index}: {frame[6:12].hex(':')}")
        (kind,) = struct.unpack_from("!H", frame, 12)
        if kind == _ARP and len(frame) >= _ETHERNET + 28:
            self._see_source(frame[_ETHERNET + 14 : _ETHERNET + 18])
        elif kind == _IPV4 and len(frame) >= _ETHERNET + 20:
            self._see_ipv4(frame[_ETHERNET:])
        elif kind == _IPV6 and len(frame) >= _ETHERNET + 40:
            self._see_ipv6(frame[_ETHERNET:])

    def _see_ipv4(self, packet: bytes) -> None:
        self._see_source(packet[12:16])
        to = ipaddress.IPv4Address(packet[16:20])
        header = (packet[0] & 0x0F) * 4
        (fragment,) = struct.unpack_from("!H", packet, 6)
        if fragment & _FRAGMENT_OFFSET:
            return
        self._see_target(to, packet[9], packet[header:])

    def _see_ipv6(self, packet: bytes) -> None:
        to = ipaddress.IPv6Address(packet[24:40])
        if not to.is_multicast and not to.is_link_local:
            self._see_target(to, packet[6], packet[40:])

    def _see_source(self, packed: bytes) -> None:
        """An address that DHCP did not give: the guest, or something in it, has it written down."""
        source = ipaddress.IPv4Address(packed)
        if source.is_unspecified or source.is_link_local or str(source) == self._nic.guest:
            return
        self._tell("foreign-address", f"nic {self._nic.index}: {source}")

    def _see_target(
        self, to: ipaddress.IPv4Address | ipaddress.IPv6Address, protocol: int, segment: bytes
    ) -> None:
        if to.is_multicast or to in self._subnet or str(to) == "255.255.255.255":
            return
        if protocol == _ICMP and str(to) not in _OURS:
            self._tell("outside-attempt", f"{to} (icmp)")
        elif protocol in _PORTED and _opens(protocol, segment):
            self._see_port(to, protocol, segment)

    def _see_port(
        self, to: ipaddress.IPv4Address | ipaddress.IPv6Address, protocol: int, segment: bytes
    ) -> None:
        (port,) = struct.unpack_from("!H", segment, 2)
        if (str(to), protocol, port) not in _SERVED:
            place = f"[{to}]" if isinstance(to, ipaddress.IPv6Address) else str(to)
            self._tell("outside-attempt", f"{place}:{port} ({_PORTED[protocol]})")

    def _tell(self, kind: str, detail: str) -> None:
        if (kind, detail) not in self._told and len(self._told) < _MOST_PLACES:
            self._told.add((kind, detail))
            self._events.add("network", kind, detail)


def _opens(protocol: int, segment: bytes) -> bool:
    """Whether it is a datagram, or the first segment of a connection that the guest makes."""
    if protocol == _UDP:
        return len(segment) >= _UDP_HEADER
    return len(segment) > _FLAGS and segment[_FLAGS] & _SYN_OR_ACK == _SYN
