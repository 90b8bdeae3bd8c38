"""Standard input and output to a UNIX socket and back: ssh's ProxyCommand, run as a script.

It imports nothing but the standard library, so that it starts at once under ``python -I -S``.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

_PIECE = 1 << 16


def _pour(link: socket.socket) -> None:
    """Standard input into the socket, to its end."""
    while data := os.read(0, _PIECE):
        link.sendall(data)
    link.shutdown(socket.SHUT_WR)


def main(path: str) -> int:
    """Relay until the other side closes."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
        threading.Thread(target=_pour, args=(link,), daemon=True).start()
        while data := link.recv(_PIECE):
            os.write(1, data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
