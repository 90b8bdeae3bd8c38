"""A UNIX socket on this host that leads to one port of the guest: no port of the host is opened."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PIECE = 1 << 16
_STOP = 2.0


@contextmanager
def gateway(path: Path, connect: Callable[[], socket.socket]) -> Iterator[Path]:
    """Serve ``path`` until the block ends; ``connect`` opens a connection to the guest.

    A connection whose guest side fails is closed, which a client sees as the end of the stream.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(8)
        listener.settimeout(0.2)
        stop = threading.Event()
        server = threading.Thread(target=_serve, args=(listener, connect, stop), daemon=True)
        server.start()
        try:
            yield path
        finally:
            stop.set()
            server.join(_STOP)


def _serve(
    listener: socket.socket, connect: Callable[[], socket.socket], stop: threading.Event
) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            client, _ = listener.accept()
            threading.Thread(target=_relay, args=(client, connect, stop), daemon=True).start()


def _relay(
    client: socket.socket, connect: Callable[[], socket.socket], stop: threading.Event
) -> None:
    with client, suppress(OSError):
        guest = connect()
        with guest:
            upward = threading.Thread(target=_pour, args=(client, guest, stop), daemon=True)
            upward.start()
            _pour(guest, client, stop)
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            upward.join(_STOP)


def _pour(source: socket.socket, target: socket.socket, stop: threading.Event) -> None:
    source.settimeout(0.5)
    with suppress(OSError):
        while not stop.is_set():
            try:
                data = source.recv(_PIECE)
            except TimeoutError:
                continue
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
