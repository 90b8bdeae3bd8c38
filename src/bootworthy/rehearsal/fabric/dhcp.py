"""Addresses as Azure's DHCP server gives them out: RFC 2131, with options 121, 249 and 245."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from bootworthy.rehearsal.fabric import addresses
from bootworthy.rehearsal.fabric.addresses import Nic
from bootworthy.rehearsal.fabric.events import EventLog

# RFC 2131: the fixed part, the magic cookie of RFC 1497 behind it.
_FIXED = 236
_COOKIE = b"\x63\x82\x53\x63"
_REQUEST, _REPLY = 1, 2
_CLIENT_PORT = 68
_ADDRESS = 4
_PAD, _END = 0, 255

# BOOTP clients may drop anything shorter (RFC 1542, section 2.1).
_LEAST = 300

# include/uapi/linux/in.h
_IP_PKTINFO = 8

# A lease of Azure never ends (seen in the lease files of its guests).
_FOREVER = b"\xff\xff\xff\xff"


class Kind(IntEnum):
    """Message types, RFC 2132, section 9.6."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


_ANSWERS = {Kind.DISCOVER: Kind.OFFER, Kind.REQUEST: Kind.ACK, Kind.INFORM: Kind.ACK}


class Option(IntEnum):
    """RFC 2132 and 3442; 249 is Microsoft's older number of 121; 245 names the wire server."""

    MASK = 1
    ROUTER = 3
    RESOLVER = 6
    HOST_NAME = 12
    DOMAIN = 15
    REQUESTED = 50
    LEASE = 51
    KIND = 53
    SERVER = 54
    RENEWAL = 58
    REBINDING = 59
    VENDOR_CLASS = 60
    ROUTES = 121
    WIRE_SERVER = 245
    MICROSOFT_ROUTES = 249


@dataclass(frozen=True, kw_only=True)
class Question:
    """A client's message."""

    kind: Kind
    fixed: bytes
    """The BOOTP header, to be handed back."""
    options: Mapping[int, bytes]

    @classmethod
    def parse(cls, message: bytes) -> Self | None:
        """None for what is not a DHCP client's message."""
        fixed, cookie = message[:_FIXED], message[_FIXED : _FIXED + 4]
        if len(fixed) < _FIXED or cookie != _COOKIE or fixed[0] != _REQUEST:
            return None
        options = _parse_options(message[_FIXED + 4 :])
        try:
            kind = Kind(options.get(Option.KIND, b"\0")[0])
        except (ValueError, IndexError):
            return None
        return cls(kind=kind, fixed=fixed, options=options)

    @property
    def mac(self) -> str:
        """The client's hardware address."""
        return self.fixed[28:34].hex(":")

    @property
    def current(self) -> str:
        """The address that the client has or would like; empty if it does not say."""
        wanted = self.options.get(Option.REQUESTED, b"")
        if len(wanted) != _ADDRESS:
            wanted = self.fixed[12:16]
        return "" if wanted == bytes(_ADDRESS) else socket.inet_ntoa(wanted)

    def describe(self) -> str:
        """Who asks, in the client's own words."""
        told = (self.options.get(option) for option in (Option.HOST_NAME, Option.VENDOR_CLASS))
        return " ".join((self.mac, *(word.decode("utf-8", "replace") for word in told if word)))


def _parse_options(data: bytes) -> dict[int, bytes]:
    options: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        end = at + 2 + (data[at + 1] if at + 1 < len(data) else 0)
        options.setdefault(data[at], data[at + 2 : end])
        at = end
    return options


class DhcpServer:
    """The server of one subnet: whoever asks gets the one address in it."""

    def __init__(self, nic: Nic, events: EventLog) -> None:
        self._nic = nic
        self._events = events

    def answer(self, bound: socket.socket) -> None:
        """Read one message and answer it, from the address of the wire server."""
        message, client = bound.recvfrom(4096)
        reply = self.reply_to(message)
        if reply is None:
            return
        # A renewing client has its address; any other can be reached by broadcast alone.
        to = "255.255.255.255" if client[0] == "0.0.0.0" else client[0]  # noqa: S104
        source = struct.pack("=I4s4x", 0, socket.inet_aton(addresses.WIRE_SERVER))
        bound.sendmsg([reply], [(socket.IPPROTO_IP, _IP_PKTINFO, source)], 0, (to, _CLIENT_PORT))

    def reply_to(self, message: bytes) -> bytes | None:
        """The answer to a message, and a word in the event log; None to say nothing."""
        question = Question.parse(message)
        if question is None:
            return None
        self._note(question.kind, question.describe())
        kind = _ANSWERS.get(question.kind)
        if kind is None:
            return None
        refused = question.kind is Kind.REQUEST and question.current not in ("", self._nic.guest)
        if refused:
            kind = Kind.NAK
        self._note(kind, question.current if refused else self._nic.guest)
        return self._reply(question, kind)

    def _note(self, kind: Kind, detail: str) -> None:
        self._events.add("dhcp", f"dhcp-{kind.name.lower()}", f"nic {self._nic.index}: {detail}")

    def _reply(self, question: Question, kind: Kind) -> bytes:
        fixed = bytearray(question.fixed)
        fixed[0] = _REPLY
        if kind is Kind.NAK or question.kind is Kind.INFORM:
            fixed[16:20] = bytes(4)
        else:
            fixed[16:20] = socket.inet_aton(self._nic.guest)
        fixed[20:24] = socket.inet_aton(addresses.WIRE_SERVER)
        fixed[44:_FIXED] = bytes(_FIXED - 44)
        options = self._options(kind)
        if kind is Kind.NAK:
            options = options[:2]
        elif question.kind is Kind.INFORM:
            # RFC 2131, section 4.3.5: no lease for one who did not ask for it.
            timed = (Option.LEASE, Option.RENEWAL, Option.REBINDING)
            options = [(number, value) for number, value in options if number not in timed]
        packed = b"".join(bytes((number, len(value))) + value for number, value in options)
        return (bytes(fixed) + _COOKIE + packed + b"\xff").ljust(_LEAST, b"\0")

    def _options(self, kind: Kind) -> list[tuple[int, bytes]]:
        server = socket.inet_aton(addresses.WIRE_SERVER)
        options = [
            (Option.KIND, bytes((kind,))),
            (Option.SERVER, server),
            (Option.LEASE, _FOREVER),
            (Option.RENEWAL, _FOREVER),
            (Option.REBINDING, _FOREVER),
            (Option.MASK, socket.inet_aton("255.255.255.0")),
            (Option.RESOLVER, server),
            (Option.DOMAIN, addresses.DOMAIN.encode()),
            (Option.WIRE_SERVER, server),
        ]
        if self._nic.primary:
            options += self._way_out()
        return [(int(number), value) for number, value in options]

    def _way_out(self) -> list[tuple[Option, bytes]]:
        """Routes, which Azure gives the primary interface alone.

        Source: learn.microsoft.com, virtual-machines/linux/multiple-nics.
        """
        gateway = socket.inet_aton(self._nic.gateway)
        routes = b"".join(
            _route(to, bits, gateway)
            for to, bits in (
                ("0.0.0.0", 0),  # noqa: S104 - the default route
                (addresses.WIRE_SERVER, 32),
                (addresses.METADATA, 32),
            )
        )
        return [
            (Option.ROUTER, gateway),
            (Option.ROUTES, routes),
            (Option.MICROSOFT_ROUTES, routes),
        ]


def _route(to: str, bits: int, gateway: bytes) -> bytes:
    """A classless route: the length of the prefix, its significant octets, the router."""
    return bytes((bits,)) + socket.inet_aton(to)[: (bits + 7) // 8] + gateway
