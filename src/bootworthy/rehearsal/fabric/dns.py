"""Azure's resolver: it knows the machine itself, and nothing of the world outside."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Self

from bootworthy.rehearsal.fabric.addresses import DOMAIN, Nic
from bootworthy.rehearsal.fabric.events import EventLog

# RFC 1035, sections 3.2 and 4.1; AAAA is RFC 3596.
_HEADER = struct.Struct("!HHHHHH")
_A, _PTR, _AAAA, _IN = 1, 12, 28, 1
_TYPES = {_A: "A", _PTR: "PTR", _AAAA: "AAAA", 2: "NS", 6: "SOA", 15: "MX", 16: "TXT", 33: "SRV"}
_RESPONSE = 0x8000
_RECURSION = 0x0080
_OPCODE_AND_RD = 0x7900
_NO_SUCH_NAME = 3
_TTL = 10
_LONGEST_LABEL = 63


@dataclass(frozen=True, kw_only=True)
class Question:
    """One name that is asked for."""

    number: int
    flags: int
    name: str
    kind: int
    raw: bytes
    """The question as it came, to be handed back."""

    @classmethod
    def parse(cls, message: bytes) -> Self | None:
        """None for what is not a query with one question."""
        if len(message) < _HEADER.size:
            return None
        number, flags, questions, _, _, _ = _HEADER.unpack_from(message)
        if flags & _RESPONSE or questions != 1:
            return None
        labels, at = _read_name(message, _HEADER.size)
        if labels is None or at + 4 > len(message):
            return None
        kind, class_ = struct.unpack_from("!HH", message, at)
        if class_ != _IN:
            return None
        raw = message[_HEADER.size : at + 4]
        return cls(number=number, flags=flags, name=".".join(labels).lower(), kind=kind, raw=raw)

    def answer(self, records: list[bytes], *, exists: bool) -> bytes:
        """A reply with these records' data, all of the kind that was asked for."""
        flags = _RESPONSE | _RECURSION | (self.flags & _OPCODE_AND_RD)
        if not exists:
            flags |= _NO_SUCH_NAME
        reply = _HEADER.pack(self.number, flags, 1, len(records), 0, 0) + self.raw
        for data in records:
            # 0xc00c points back at the question's name.
            reply += struct.pack("!HHHIH", 0xC00C, self.kind, _IN, _TTL, len(data)) + data
        return reply


def _read_name(message: bytes, at: int) -> tuple[list[str] | None, int]:
    """The labels and where they end; a question has no reason to be compressed."""
    labels: list[str] = []
    while at < len(message):
        length = message[at]
        if length == 0:
            return labels, at + 1
        if length > _LONGEST_LABEL:
            break
        labels.append(message[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return None, at


def _pack_name(name: str) -> bytes:
    labels = name.encode().split(b".")
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


class Resolver:
    """Answers for the guest's own names; any other is a wish to get out."""

    def __init__(self, host_name: str, nic: Nic, events: EventLog) -> None:
        short = host_name.partition(".")[0].lower()
        self._full = f"{short}.{DOMAIN}"
        self._nic = nic
        self._reverse = ".".join(reversed(nic.guest.split("."))) + ".in-addr.arpa"
        self._names = frozenset((short, host_name.lower(), self._full))
        self._events = events
        self._told: set[str] = set()

    def answer(self, bound: socket.socket) -> None:
        """Read one query and answer it."""
        message, client = bound.recvfrom(4096)
        reply = self.reply_to(message)
        if reply is not None:
            bound.sendto(reply, client)

    def reply_to(self, message: bytes) -> bytes | None:
        """The answer to a query; None for what is none."""
        question = Question.parse(message)
        if question is None:
            return None
        if question.name in self._names:
            known = [socket.inet_aton(self._nic.guest)] if question.kind == _A else []
            return question.answer(known, exists=True)
        if question.name == self._reverse:
            known = [_pack_name(self._full)] if question.kind == _PTR else []
            return question.answer(known, exists=True)
        self._note(question)
        return question.answer([], exists=False)

    def _note(self, question: Question) -> None:
        """Once a name: clients ask again and again, for both families."""
        if question.name in self._told or self._is_ours(question.name):
            return
        self._told.add(question.name)
        kind = _TYPES.get(question.kind, str(question.kind))
        self._events.add("dns", "outside-attempt", f"{question.name} (name, {kind})")

    def _is_ours(self, name: str) -> bool:
        """Whether the name is in Azure's internal zone, or a name without a zone."""
        return "." not in name or name.endswith((f".{DOMAIN}", ".in-addr.arpa", ".ip6.arpa"))
