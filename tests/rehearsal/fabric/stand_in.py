"""A guest without a machine: a network namespace on the other end of the fabric's wire.

The host's kernel plays the guest's, and real programs run in it. What QEMU does with its tap
device, carrying frames, a thread does here between two of them.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootworthy.rehearsal.fabric import Fabric

ROOT = Path(__file__).resolve().parents[3]
_CHILD = "tests.rehearsal.fabric.stand_in_child"
_LONGEST_FRAME = 65536

# The script gets the lease in its environment; it sets up what a distribution's would.
_LEASE_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || exit 0
env
ip address add "$ip/$mask" dev "$interface"
[ -z "$router" ] || ip route add default via "$router"
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    status: int
    output: str


class StandIn:
    """Runs programs where the guest would be."""

    def __init__(self, control: socket.socket, scratch: Path) -> None:
        self._control = control
        self._scratch = scratch

    def run(self, *argv: str, python_path: str = "") -> Ran:
        """Run a program; its output is both standard output and error."""
        request = {"argv": argv, "python_path": python_path}
        self._control.send(json.dumps(request).encode())
        answer = json.loads(self._control.recv(1 << 20))
        return Ran(status=answer["status"], output=answer["output"])

    def python(self, program: str, python_path: str = "") -> Ran:
        """Run a program of Debian's own Python."""
        return self.run("/usr/bin/python3", "-c", program, python_path=python_path)

    def get(self, url: str, **headers: str) -> tuple[int, str]:
        """Ask for a page; underscores in names of headers stand for dashes."""
        return self.send("GET", url, "", **headers)

    def send(self, method: str, url: str, body: str, **headers: str) -> tuple[int, str]:
        """Send a request; the status and the body of the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        program = _REQUEST.format(method=method, url=url, body=body, headers=named)
        ran = self.python(program)
        assert ran.status == 0, ran.output
        status, _, text = ran.output.partition("\n")
        return int(status), text

    def lease(self) -> dict[str, str]:
        """Get an address with busybox's DHCP client, and take it."""
        script = self._scratch / "lease"
        script.write_text(_LEASE_SCRIPT)
        script.chmod(0o755)
        options = [word for number in ("121", "249", "245") for word in ("-O", number)]
        program = ["busybox", "udhcpc", "-f", "-q", "-n", "-t", "5", "-i", "tap0"]
        ran = self.run(*program, "-s", str(script), *options)
        assert ran.status == 0, ran.output
        return dict(line.split("=", 1) for line in ran.output.splitlines() if "=" in line)


_REQUEST = """
import urllib.request, urllib.error
request = urllib.request.Request({url!r}, {body!r}.encode() or None, {headers!r}, method={method!r})
try:
    answer = urllib.request.urlopen(request, timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode(), end="")
"""


@contextmanager
def stand_in(fabric: Fabric, scratch: Path) -> Iterator[StandIn]:
    """Be the guest of a fabric, on its first interface."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", _CHILD, str(theirs.fileno()), fabric.macs[0]],
                pass_fds=(theirs.fileno(),),
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            )
        try:
            _, (tap,), _, _ = socket.recv_fds(ours, 16, 1)
            with _wire(fabric.pass_fds[0], tap):
                yield StandIn(ours, scratch)
        finally:
            ours.close()
            process.wait(30)


@contextmanager
def _wire(left: int, right: int) -> Iterator[None]:
    """Carry frames between two tap devices; ``right`` is closed in the end."""
    stop, stopped = socket.socketpair()
    carrier = threading.Thread(target=_carry, args=(left, right, stopped))
    carrier.start()
    try:
        yield
    finally:
        stop.close()
        carrier.join()
        stopped.close()
        os.close(right)


def _carry(left: int, right: int, stopped: socket.socket) -> None:
    other = {left: right, right: left}
    waiting = select.poll()
    for each in (left, right, stopped.fileno()):
        waiting.register(each, select.POLLIN)
    while True:
        ready = [number for number, _ in waiting.poll()]
        if stopped.fileno() in ready:
            return
        for number in ready:
            os.write(other[number], os.read(number, _LONGEST_FRAME))
