"""A proxy that does to requests what bad networks and busy services do, by a seed.

It stands between a client and a service on loopback, understands just enough HTTP/1.1 to see where
a request and an answer end, and counts how often each range came and how often it was hurt.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

_RANGE = re.compile(rb"(?im)^x-ms-range: *bytes=(\d+)-(\d+)\r?$")
_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)\r?$")
_RESET = struct.pack("ii", 1, 0)


class Fault(Enum):
    """What happens to one request."""

    NONE = "none"
    RESET_IN_BODY = "reset in the middle of the body"
    LOST_ANSWER = "the service did it, the answer never came"
    CUT_ANSWER = "the answer ends in its first line"
    STALL = "nothing comes any more"
    BUSY_500 = "500"
    BUSY_503 = "503"
    BUSY_429 = "429 with Retry-After"
    DUPLICATE = "the service gets it twice"
    LATE = "others overtake it"


HARMLESS = frozenset({Fault.NONE, Fault.DUPLICATE, Fault.LATE})
"""Faults after which the client has its answer."""


@dataclass
class Proxy:
    """What to do and what was seen.

    ``came`` and ``hurt`` count by the range of a Put Page, ``fetched`` by that of a Get Blob.
    """

    upstream: int
    seed: int = 0
    rate: float = 0.0
    stall: float = 1.0
    port: int = 0
    came: Counter[tuple[int, int]] = field(default_factory=Counter)
    hurt: Counter[tuple[int, int]] = field(default_factory=Counter)
    fetched: Counter[tuple[int, int]] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    chance: random.Random = field(default_factory=random.Random)

    def restart(self, seed: int, rate: float) -> None:
        """Count anew, and hurt ``rate`` of the requests as ``seed`` has it."""
        with self.lock:
            self.seed, self.rate = seed, rate
            self.chance = random.Random(seed)  # noqa: S311 - a test's dice
            self.came.clear()
            self.hurt.clear()
            self.fetched.clear()

    def choose(self, head: bytes) -> Fault:
        """What happens to a request, counted."""
        with self.lock:
            fault = Fault.NONE
            if self.chance.random() < self.rate:
                fault = self.chance.choice([item for item in Fault if item is not Fault.NONE])
            self.faults[fault] += 1
            found = _RANGE.search(head)
            span = (int(found[1]), int(found[2]) + 1) if found else (0, 0)
            if found and head.startswith(b"GET") and b"comp=" not in head:
                self.fetched[span] += 1
            if found and head.startswith(b"PUT"):
                self.came[span] += 1
                self.hurt[span] += fault not in HARMLESS
            return fault


class _Connection:
    """One client's connection; the service is asked anew for each request."""

    def __init__(self, proxy: Proxy, client: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._buffer = b""

    def serve(self) -> None:
        """Answer request after request until somebody hangs up."""
        with contextlib.suppress(OSError), self._client:
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._one():
                pass

    def _one(self) -> bool:
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return False
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        head += b"\r\n\r\n"
        length = int(found[1]) if (found := _LENGTH.search(head)) else 0
        fault = self._proxy.choose(head)
        wanted = length // 2 if fault is Fault.RESET_IN_BODY else length
        while len(self._buffer) < wanted:
            if not self._more():
                return False
        body, self._buffer = self._buffer[:wanted], self._buffer[wanted:]
        return self._answer(fault, head, body)

    def _more(self) -> bool:
        data = self._client.recv(1 << 18)
        self._buffer += data
        return bool(data)

    def _answer(self, fault: Fault, head: bytes, body: bytes) -> bool:
        if fault is Fault.RESET_IN_BODY:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return False
        if fault is Fault.STALL:
            time.sleep(self._proxy.stall)
            return False
        if fault.value[:3].isdigit():
            return self._refuse(fault.value[:3])
        answer = self._ask(head, body)
        if fault is Fault.DUPLICATE:
            answer = self._ask(head, body)
        if fault is Fault.LATE:
            time.sleep(0.02)
        if fault is Fault.CUT_ANSWER:
            self._client.sendall(answer[:7])
        if fault in (Fault.CUT_ANSWER, Fault.LOST_ANSWER):
            return False
        self._client.sendall(answer)
        return True

    def _refuse(self, status: str) -> bool:
        code = "ServerBusy"
        xml = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
        head = f"HTTP/1.1 {status} {code}\r\nx-ms-error-code: {code}\r\nRetry-After: 0\r\n"
        head += f"Content-Type: application/xml\r\nContent-Length: {len(xml)}\r\n\r\n"
        self._client.sendall((head + xml).encode())
        return True

    def _ask(self, head: bytes, body: bytes) -> bytes:
        """The whole answer of the service."""
        head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)
        head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        with socket.create_connection(("127.0.0.1", self._proxy.upstream)) as service:
            service.sendall(head + body)
            parts = []
            while data := service.recv(1 << 18):
                parts.append(data)
        # The client keeps its connection to us.
        return re.sub(rb"(?i)\r\nconnection: close", b"", b"".join(parts), count=1)


@contextmanager
def proxying(upstream: int) -> Iterator[Proxy]:
    """A proxy to a port of loopback, on a port of its own."""
    proxy = Proxy(upstream)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        proxy.port = server.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(proxy, server), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(proxy: Proxy, server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_Connection(proxy, client).serve, daemon=True).start()
