"""A machine that runs: from power-on to power-off, with its serial port."""

from __future__ import annotations

import signal
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
from bootworthy.rehearsal.subordinate import stop, subordinate

# QEMU opens the serial port before it starts the machine: a loaded host takes seconds.
_START = 60.0
_POLL = 0.2
_HEARD = 10.0


@dataclass
class Running:
    """A running machine; ``console`` is filled by a thread until it stops.

    ``echo`` gets what the machine writes to its serial port as well, in that thread.
    """

    process: subprocess.Popen[bytes]
    port: socket.socket
    log: Path
    powered_on: float = field(default_factory=time.monotonic)
    console: Console = field(default_factory=Console)
    echo: Callable[[bytes], None] | None = None

    @property
    def seconds(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self.powered_on

    @property
    def alive(self) -> bool:
        """Whether the machine is on."""
        return self.process.poll() is None

    @property
    def ended_by(self) -> str | None:
        """The name of the signal that ended QEMU; None while it runs, or when it ended itself."""
        status = self.process.poll()
        return signal.Signals(-status).name if status is not None and status < 0 else None

    def refuse_failure(self) -> None:
        """A QEMU that failed is no fault of the image.

        It opens the serial port before most of the machine, which it may then be unable to make. A
        guest that switches the machine off makes it end without an error.

        Raises:
            HostError: ``qemu-failed`` or ``qemu-ended``.
        """
        if self.ended_by is not None:
            raise HostError(
                "qemu-ended",
                f"QEMU was ended by {self.ended_by} while the machine ran",
                hint="the kernel's log tells whether this machine ran out of memory",
            )
        if self.process.poll():
            raise _failed(self.log)

    def type(self, data: bytes) -> None:
        """Write to the serial port; a machine that is off hears nothing."""
        with suppress(OSError):
            self.port.sendall(data)


@contextmanager
def power_on(
    argv: Sequence[str],
    *,
    serial: Path,
    log: Path,
    pass_fds: Sequence[int] = (),
) -> Iterator[Running]:
    """Start QEMU with ``argv``; it is gone when the block ends.

    Raises:
        HostError: ``qemu-failed``, with what QEMU said.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(serial))
        listener.listen(1)
        listener.settimeout(_POLL)
        with (
            subordinate(argv, log, pass_fds) as process,
            _accept(listener, process, log) as port,
        ):
            running = Running(process, port, log)
            with _listening(running):
                yield running
                stop(process)


def _accept(listener: socket.socket, process: subprocess.Popen[bytes], log: Path) -> socket.socket:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(TimeoutError):
            return listener.accept()[0]
    raise _failed(log)


def _failed(log: Path) -> HostError:
    said = log.read_text(errors="replace").strip()[-2000:]
    return HostError(
        "qemu-failed",
        f"QEMU did not start: {said or 'it said nothing'}",
        hint="`bootworthy rehearse --keep DIR` keeps its command line",
    )


@contextmanager
def _listening(running: Running) -> Iterator[None]:
    """Read the serial port in a thread for the length of the block."""
    reader = threading.Thread(target=_listen, args=(running,), daemon=True)
    reader.start()
    try:
        yield
    finally:
        with suppress(OSError):
            running.port.shutdown(socket.SHUT_RDWR)
        reader.join(_HEARD)


def _listen(running: Running) -> None:
    running.port.settimeout(None)
    with suppress(OSError):
        while data := running.port.recv(1 << 16):
            running.console.feed(data, running.seconds)
            if running.echo is not None:
                running.echo(data)
