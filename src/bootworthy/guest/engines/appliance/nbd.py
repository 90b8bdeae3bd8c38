"""A disk of ours, of any container format, shown to QEMU as plain bytes: a small NBD server.

QEMU never parses the container: only our own readers do. Read-only, one export, no name; the
fixed newstyle handshake of the Network Block Device protocol (doc/proto.md of the nbd project).
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bootworthy.model.errors import BootworthyError

_MAGIC = b"NBDMAGIC"
_OPTION_MAGIC = b"IHAVEOPT"
_REPLY_MAGIC = 0x3E889045565A9
_REQUEST_MAGIC = 0x25609513
_ANSWER_MAGIC = 0x67446698

_FIXED_NEWSTYLE = 1
_NO_ZEROES = 2
_HAS_FLAGS, _READ_ONLY, _MULTIPLE = 1, 2, 1 << 8

_OPT_EXPORT_NAME, _OPT_ABORT, _OPT_INFO, _OPT_GO = 1, 2, 6, 7
_REP_ACK, _REP_INFO, _REP_UNSUPPORTED = 1, 3, 0x80000001
_INFO_EXPORT = 0

_CMD_READ, _CMD_DISCONNECT = 0, 2
_EPERM, _EIO, _EINVAL = 1, 5, 22

# QEMU asks for at most 32 MiB at once.
_MAX_READ = 64 << 20
_MAX_OPTION = 4096


class NbdServer:
    """Serves ``size`` bytes through ``pread`` on a socket in ``directory`` until closed.

    A client that reads where the image is damaged gets an input/output error.
    """

    def __init__(self, pread: Callable[[int, int], bytes], size: int, directory: Path) -> None:
        self._pread = pread
        self._size = size
        self._listener = socket.socket(socket.AF_UNIX)
        # The name of a socket has room for 107 bytes; a link to the directory's descriptor fits.
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._listener.bind(f"/proc/self/fd/{self._directory}/nbd")
        self.path = directory / "nbd"
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, name="nbd", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; connections end with their clients."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.close(self._directory)
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, EOFError):
            if self._negotiate(connection):
                while self._answer(connection):
                    pass

    def _negotiate(self, connection: socket.socket) -> bool:
        flags = _FIXED_NEWSTYLE | _NO_ZEROES
        connection.sendall(_MAGIC + _OPTION_MAGIC + struct.pack(">H", flags))
        (wanted,) = struct.unpack(">I", _receive(connection, 4))
        while True:
            magic, option, length = struct.unpack(">8sII", _receive(connection, 16))
            if magic != _OPTION_MAGIC or length > _MAX_OPTION:
                return False
            _receive(connection, length)
            if option == _OPT_EXPORT_NAME:
                zeroes = b"" if wanted & _NO_ZEROES else bytes(124)
                connection.sendall(self._export() + zeroes)
                return True
            if option in (_OPT_GO, _OPT_INFO):
                information = struct.pack(">H", _INFO_EXPORT) + self._export()
                _reply(connection, option, _REP_INFO, information)
                _reply(connection, option, _REP_ACK)
                if option == _OPT_GO:
                    return True
            elif option == _OPT_ABORT:
                _reply(connection, option, _REP_ACK)
                return False
            else:
                _reply(connection, option, _REP_UNSUPPORTED)

    def _export(self) -> bytes:
        return struct.pack(">QH", self._size, _HAS_FLAGS | _READ_ONLY | _MULTIPLE)

    def _answer(self, connection: socket.socket) -> bool:
        """One request; False when the client is done."""
        request = struct.unpack(">IHHQQI", _receive(connection, 28))
        magic, _, command, cookie, offset, length = request
        if magic != _REQUEST_MAGIC or command == _CMD_DISCONNECT:
            return False
        error, data = (_EPERM, b"") if command != _CMD_READ else self._read(offset, length)
        connection.sendall(struct.pack(">IIQ", _ANSWER_MAGIC, error, cookie) + data)
        # A command that carries data cannot be answered before the data is read.
        return bool(command == _CMD_READ)

    def _read(self, offset: int, length: int) -> tuple[int, bytes]:
        if length > _MAX_READ or offset + length > self._size:
            return _EINVAL, b""
        try:
            data = self._pread(offset, length)
        except (BootworthyError, OSError):
            return _EIO, b""
        return (0, data) if len(data) == length else (_EIO, b"")


def _reply(connection: socket.socket, option: int, kind: int, data: bytes = b"") -> None:
    connection.sendall(struct.pack(">QIII", _REPLY_MAGIC, option, kind, len(data)) + data)


def _receive(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
