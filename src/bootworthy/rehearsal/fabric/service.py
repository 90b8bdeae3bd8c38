"""A thread that answers datagrams until its socket is closed."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class DatagramService:
    """Calls ``answer`` with the socket whenever there is something to read from it."""

    def __init__(self, bound: socket.socket, answer: Callable[[socket.socket], None]) -> None:
        self._socket = bound
        self._answer = answer
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop answering, and close the socket."""
        self._stop.close()
        self._thread.join()
        self._stopped.close()
        self._socket.close()

    def _serve(self) -> None:
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        waiting.register(self._stopped, select.POLLIN)
        while True:
            if any(number == self._stopped.fileno() for number, _ in waiting.poll()):
                return
            try:
                self._answer(self._socket)
            except OSError:
                # A guest that is being switched off cannot be reached; it will ask again.
                continue
