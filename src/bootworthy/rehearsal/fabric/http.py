"""A small HTTP/1.1 server on a socket made elsewhere; the guest's words are not trusted."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

# The agent's compressed logs are the largest: it keeps them below 10 MB
# (azurelinuxagent/ga/logcollector.py).
_MOST_BODY = 16 << 20
_MOST_CONNECTIONS = 64
_IDLE = 120.0
_LENGTH = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """Without the query and without a slash at the end."""
        return urlsplit(self.target).path.rstrip("/")

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The last value of each argument; names in lower case, as Azure takes them in any."""
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True)
        return {name.lower(): value for name, value in pairs}

    @property
    def agent(self) -> str:
        """Who asks, in its own words."""
        return self.headers.get("user-agent") or self.headers.get("x-ms-agent-name", "somebody")


@dataclass(frozen=True, kw_only=True)
class Response:
    """What is answered."""

    status: int = 200
    content_type: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Application = Callable[[Request], Response]


class HttpService:
    """A context manager: answers on the listening socket, which it closes in the end."""

    def __init__(self, listener: socket.socket, application: Application, banner: str) -> None:
        self._server = _Server(listener, application, banner)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up on everybody."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(socketserver.ThreadingMixIn, socketserver.BaseServer):
    """One thread a connection; the threads are joined in the end."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, listener: socket.socket, application: Application, banner: str) -> None:
        super().__init__(listener.getsockname(), _Handler)
        self.socket = listener
        self.application = application
        self.banner = banner
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self.socket.fileno()

    def get_request(self) -> tuple[socket.socket, Any]:
        return self.socket.accept()

    def verify_request(self, request: Any, _client: Any) -> bool:  # noqa: ANN401 - the base's
        """Refuse more connections at once than any honest guest makes."""
        with self._lock:
            if len(self._open) >= _MOST_CONNECTIONS:
                return False
            self._open.add(request)
            return True

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base's
        with self._lock:
            self._open.discard(request)
        request.close()

    def handle_error(self, *_: object) -> None:
        """A guest that hangs up, resets or is powered off in the middle is no news."""

    def hang_up(self) -> None:
        with self._lock:
            for each in self._open:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def server_close(self) -> None:
        self.socket.close()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    server: _Server

    def version_string(self) -> str:
        return self.server.banner

    def log_message(self, *_: object) -> None:
        """The event log is the applications' to write."""

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): value.strip() for name, value in self.headers.items()},
            body=body,
        )
        try:
            urlsplit(request.target)
        except ValueError:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        response = self.server.application(request)
        self.send_response(response.status)
        if response.content_type:
            self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(response.body)

    def _read_body(self) -> bytes | None:
        given = self.headers.get("Content-Length", "0")
        length = int(given) if _LENGTH.match(given) else -1
        if "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif length < 0:
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif length > _MOST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            return self.rfile.read(length)
        return None

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self.send_error(status)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class's names
