"""A network namespace that only the guest and the fabric's services are in.

Neither root nor the host's network is needed: a small process enters a namespace of its own and
hands out the sockets and tap devices it makes there. Against the two other ways:

- TCP in user space (QEMU's stream netdev to this process) needs no kernel feature at all, but a
  TCP of our own is what a guest would be judged by; here it is the kernel's.
- QEMU's user network has no DHCP option 245 and no routes to give, and hides what the guest tries.

QEMU itself stays outside: its tap device comes as a descriptor, as libvirt hands one over.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from bootworthy.model.errors import HostError
from bootworthy.rehearsal.fabric.addresses import Nic

_COMMAND = (sys.executable, "-B", "-m", "bootworthy.rehearsal.fabric.enclave_child")
_PACKAGES = Path(__file__).parents[3]

# Making a namespace takes a few hundredths of a second; a busy machine may take longer to start
# Python.
_START_LIMIT = 60.0
_MOST_DESCRIPTORS = 64

_HINTS = {
    "namespace": "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1 or"
    " kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces), or run as root",
    "tap": "load the module tun (modprobe tun); in a container, pass --device /dev/net/tun",
    "iproute2": "install iproute2",
    "network": "a user namespace may be restricted by AppArmor or SELinux here; try as root",
}


class Enclave:
    """A context manager around the namespace; ``fds`` are its descriptors, by name."""

    def __init__(self, nics: tuple[Nic, ...], *, command: tuple[str, ...] = _COMMAND) -> None:
        self._nics = nics
        self._command = command
        self._asking = threading.Lock()
        self.fds: dict[str, int] = {}

    def __enter__(self) -> Self:
        """Make the namespace.

        Raises:
            HostError: this machine does not allow it.
        """
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = self._start(theirs.fileno())
            self._take_over()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every descriptor that was not taken: with the last one the namespace is gone."""
        self._end()

    @property
    def pid(self) -> int:
        """The process in the namespace: `nsenter --net` finds it by that."""
        return self._process.pid

    def take(self, name: str) -> socket.socket:
        """One of the sockets, now the caller's to close."""
        return socket.socket(fileno=self.fds.pop(name))

    def new_tcp_socket(self) -> socket.socket:
        """A TCP socket in the namespace, not yet connected.

        Raises:
            OSError: the namespace is gone.
        """
        with self._asking:
            self._control.send(b"1")
            _, made, _, _ = socket.recv_fds(self._control, 16, 1)
        if not made:
            raise ConnectionAbortedError("the fabric's network namespace is gone")
        return socket.socket(fileno=made[0])

    def _start(self, control: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._command, str(control), *(nic.mac for nic in self._nics)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(control,),
            env={"PYTHONPATH": str(_PACKAGES), "PATH": os.environ.get("PATH", os.defpath)},
            cwd="/",
            # Control-C in the terminal is the parent's to handle.
            start_new_session=True,
        )

    def _take_over(self) -> None:
        self._control.settimeout(_START_LIMIT)
        try:
            message, fds, _, _ = socket.recv_fds(self._control, 65536, _MOST_DESCRIPTORS)
        except TimeoutError:
            raise HostError("no-namespace", "the network namespace took too long") from None
        answer = json.loads(message) if message else {"refused": "start", "why": "it died"}
        if "refused" in answer:
            what = answer["refused"]
            raise HostError(
                "no-namespace",
                f"cannot make a private network for the rehearsal: {what}: {answer['why']}",
                hint=_HINTS.get(what, ""),
            )
        self.fds = dict(zip(answer["names"], fds, strict=True))

    def _end(self) -> None:
        for fd in self.fds.values():
            os.close(fd)
        self.fds = {}
        self._control.close()
        if hasattr(self, "_process"):
            self._process.wait()
