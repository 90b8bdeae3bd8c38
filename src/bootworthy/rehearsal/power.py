"""A machine that runs: from power-on to power-off, with its serial port and its monitor."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bootworthy.model.errors import HostError
from bootworthy.rehearsal.console import Console

# QEMU opens the serial port before it starts the machine: a loaded host takes seconds.
_START = 60.0
_POLL = 0.2
_STOP = 10.0


@dataclass
class Running:
    """A running machine; ``console`` is filled by a thread until it stops."""

    process: subprocess.Popen[bytes]
    monitor: Path
    log: Path
    powered_on: float = field(default_factory=time.monotonic)
    console: Console = field(default_factory=Console)
    _keyboard: socket.socket | None = None

    @property
    def seconds(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self.powered_on

    @property
    def alive(self) -> bool:
        """Whether the machine is on."""
        return self.process.poll() is None

    def said(self) -> str:
        """What QEMU itself wrote, at most a page of it."""
        return self.log.read_text(errors="replace").strip()[-2000:]

    def type(self, data: bytes) -> None:
        """Send bytes to the serial port."""
        if self._keyboard is not None:
            self._keyboard.sendall(data)

    def reset(self) -> None:
        """Press the reset button, through QEMU's monitor (QMP).

        Raises:
            HostError: QEMU does not answer.
        """
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(_STOP)
                link.connect(str(self.monitor))
                for command in ("qmp_capabilities", "system_reset"):
                    link.sendall(json.dumps({"execute": command}).encode() + b"\n")
                    link.recv(4096)
        except OSError as error:
            raise HostError("qemu-stopped", f"QEMU does not answer: {error}") from error


@contextmanager
def power_on(
    argv: Sequence[str],
    *,
    serial: Path,
    monitor: Path,
    log: Path,
    pass_fds: Sequence[int] = (),
    on_output: Callable[[bytes], None] | None = None,
) -> Iterator[Running]:
    """Start QEMU with ``argv``; it is gone when the block ends.

    ``on_output`` receives what comes from the serial port, for a terminal.

    Raises:
        HostError: ``qemu-failed``, with what QEMU said.
    """
    with socket.socket(socket.AF_UNIX) as listener, log.open("wb") as errors:
        listener.bind(str(serial))
        listener.listen(1)
        listener.settimeout(_POLL)
        process = subprocess.Popen(
            [*_mortal(), *argv],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
        try:
            with _accept(listener, process, log) as port:
                running = Running(process, monitor, log, _keyboard=port)
                with _listening(running, port, on_output):
                    yield running
                    _stop(process)
        finally:
            _stop(process)


def _mortal() -> list[str]:
    """Have the kernel end QEMU when this process is killed: it holds the network's devices."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _accept(listener: socket.socket, process: subprocess.Popen[bytes], log: Path) -> socket.socket:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(TimeoutError):
            return listener.accept()[0]
    said = log.read_text(errors="replace").strip()[-2000:]
    raise HostError(
        "qemu-failed",
        f"QEMU did not start: {said or 'it said nothing'}",
        hint="`bootworthy rehearse --keep DIR` keeps its command line",
    )


@contextmanager
def _listening(
    running: Running, port: socket.socket, on_output: Callable[[bytes], None] | None
) -> Iterator[None]:
    """Read the serial port in a thread for the length of the block."""
    reader = threading.Thread(target=_listen, args=(running, port, on_output), daemon=True)
    reader.start()
    try:
        yield
    finally:
        with suppress(OSError):
            port.shutdown(socket.SHUT_RDWR)
        reader.join(_STOP)


def _listen(
    running: Running, port: socket.socket, on_output: Callable[[bytes], None] | None
) -> None:
    port.settimeout(None)
    with suppress(OSError):
        while data := port.recv(1 << 16):
            running.console.feed(data, running.seconds)
            if on_output is not None:
                on_output(data)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End QEMU: it has nothing to save."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
