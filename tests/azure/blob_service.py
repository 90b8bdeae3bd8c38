"""A page blob service as strict as Azure's, for loopback: what Azurite accepts, this refuses.

It enforces what Microsoft publishes of Put Blob, Put Page, Get Page Ranges and Get Blob
(https://learn.microsoft.com/rest/api/storageservices/put-page and its neighbours), and behaves as a
managed disk's host where it is asked to (azure-storage-azcopy, ste/sender-pageBlob.go): no blob is
made, no metadata and no Content-MD5 are taken there.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_XML = '<?xml version="1.0" encoding="utf-8"?>'
PAGE = 512
MAX_WRITE = 4 << 20
MAX_BLOB = 8 << 40

# Authorize with Shared Key: "no older than 15 minutes by the time they reach the service".
_MAX_SKEW = timedelta(minutes=15)

Span = tuple[int, int]
Answer = tuple[int, str, Mapping[str, str], bytes]


@dataclass
class Blob:
    """A blob's bytes, of which only pages that were written count as data."""

    size: int
    metadata: dict[str, str] = field(default_factory=dict)
    chunks: dict[int, bytes] = field(default_factory=dict)
    kind: str = "PageBlob"
    etag: str = '"0x8DD"'

    def write(self, start: int, data: bytes) -> None:
        for offset in range(0, len(data), PAGE):
            self.chunks[start + offset] = data[offset : offset + PAGE]

    def read(self, start: int, end: int) -> bytes:
        blank = bytes(PAGE)
        first = start - start % PAGE
        pages = b"".join(self.chunks.get(at, blank) for at in range(first, end, PAGE))
        return pages[start - first : end - first]

    def ranges(self, start: int, end: int) -> Iterator[Span]:
        begin = stop = -1
        for at in sorted(self.chunks):
            if not start <= at < end:
                continue
            if at != stop:
                if begin >= 0:
                    yield begin, stop
                begin = at
            stop = at + PAGE
        if begin >= 0:
            yield begin, stop

    def content(self) -> bytes:
        """All of it, as a download would give it."""
        return self.read(0, self.size)


@dataclass
class Service:
    """The state of the service: blobs by path, what was asked, and what to answer first.

    ``faults`` is asked before each request, with method, path and query; an answer it gives goes
    out instead. ``signature`` is the only SAS signature taken, None for any. With ``tls`` it speaks
    HTTPS. Its clock is ahead of this machine's by ``ahead``.
    """

    managed: bool = False
    signature: str | None = None
    make_blob: Callable[[int, dict[str, str]], Blob] = Blob
    blobs: dict[str, Blob] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    writes: Counter[Span] = field(default_factory=Counter)
    faults: Callable[[str, str, str], Answer | None] = lambda _method, _path, _query: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    checked: int = 0
    port: int = 0
    tls: ssl.SSLContext | None = None
    ahead: timedelta = timedelta()

    @property
    def now(self) -> datetime:
        """What its clock says."""
        return datetime.now(UTC) + self.ahead

    def url(self, path: str = "acct/disks/os.vhd", signature: str = "s3cr3t") -> str:
        """The address of a blob, with a SAS."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}/{path}?sv=2024-11-04&sp=racwd&sig={signature}"

    def blob(self, path: str = "acct/disks/os.vhd") -> Blob:
        """The blob at a path."""
        return self.blobs["/" + path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def service(self) -> Service:
        return self.server.service  # type: ignore[attr-defined, no-any-return]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service = self.service
        with service.lock:
            service.log.append((self.command, parts.query))
            answer = service.faults(self.command, parts.path, parts.query)
            answer = answer or self._answer(parts.path, parse_qs(parts.query), body)
        self._send(answer)

    do_GET = do_PUT = do_HEAD = do_DELETE = _handle  # noqa: N815 - http.server's names

    def _answer(self, path: str, query: dict[str, list[str]], body: bytes) -> Answer:
        if problem := self._denied(query):
            return problem
        comp = query.get("comp", [""])[0]
        if self.command == "PUT":
            return self._put_page(path, body) if comp == "page" else self._put(path, comp)
        blob = self.service.blobs.get(path)
        if blob is None:
            return refusal(404, "BlobNotFound")
        if self.command == "HEAD":
            return 200, "", _described(blob), b""
        return self._page_list(blob) if comp == "pagelist" else self._get(blob)

    def _denied(self, query: dict[str, list[str]]) -> Answer | None:
        """A refusal as the service words it, its reason in a body that answers to HEAD lack."""
        now, detail = self.service.now, ""
        asked = parsedate_to_datetime(self.headers.get("x-ms-date") or _http_date(now))
        if "Authorization" in self.headers and abs(now - asked) > _MAX_SKEW:
            detail = f"Request date header too old: '{_http_date(asked)}'"
        start, end = (_sas_moment(query.get(name, [""])[0]) for name in ("st", "se"))
        if (start and start > now) or (end and end <= now):
            detail = f"Signature not valid in the specified time frame: Start [{start}] - "
            detail += f"Expiry [{end}] - Current [{_http_date(now)}]"
        if detail:
            return refusal(403, "AuthenticationFailed", detail)
        wrong = self.service.signature not in (None, *query.get("sig", []))
        return refusal(403, "AuthenticationFailed") if wrong else None

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        """The Date of answers, by the service's own clock."""
        return _http_date(self.service.now)

    def _put(self, path: str, comp: str) -> Answer:
        if self.service.managed or comp:
            return refusal(403, "OperationNotAllowed")
        size = int(self.headers.get("x-ms-blob-content-length", "-1"))
        if self.headers.get("x-ms-blob-type") != "PageBlob" or not 0 <= size <= MAX_BLOB:
            return refusal(400, "InvalidHeaderValue")
        if size % PAGE:
            return refusal(400, "InvalidHeaderValue")
        if self.headers.get("If-None-Match") == "*" and path in self.service.blobs:
            return refusal(409, "BlobAlreadyExists")
        prefix = "x-ms-meta-"
        metadata = {
            name[len(prefix) :].lower(): value
            for name, value in self.headers.items()
            if name.lower().startswith(prefix)
        }
        self.service.blobs[path] = self.service.make_blob(size, metadata)
        return 201, "", {}, b""

    def _put_page(self, path: str, body: bytes) -> Answer:
        blob = self.service.blobs.get(path)
        span = _range_of(self.headers.get("x-ms-range") or self.headers.get("Range") or "")
        if blob is None:
            return refusal(404, "BlobNotFound")
        if span is None or span[0] % PAGE or span[1] % PAGE or not span[0] < span[1] <= blob.size:
            return refusal(416, "InvalidPageRange")
        if len(body) > MAX_WRITE:
            return refusal(413, "RequestBodyTooLarge")
        if self.headers.get("x-ms-page-write") != "update" or len(body) != span[1] - span[0]:
            return refusal(400, "InvalidHeaderValue")
        if problem := self._checked(body):
            return problem
        blob.write(span[0], body)
        self.service.writes[span] += 1
        return 201, "", {"x-ms-blob-sequence-number": "0"}, b""

    def _checked(self, body: bytes) -> Answer | None:
        md5 = self.headers.get("Content-MD5")
        if md5 is None:
            return None
        if self.service.managed:
            return refusal(403, "OperationNotAllowed")
        self.service.checked += 1
        right = base64.b64encode(hashlib.md5(body).digest()).decode()  # noqa: S324 - HTTP's
        return None if md5 == right else refusal(400, "Md5Mismatch")

    def _page_list(self, blob: Blob) -> Answer:
        header = self.headers.get("x-ms-range") or self.headers.get("Range") or ""
        start, end = _range_of(header) or (0, blob.size)
        items = "".join(
            f"<PageRange><Start>{first}</Start><End>{stop - 1}</End></PageRange>"
            for first, stop in blob.ranges(start, end)
        )
        xml = f"{_XML}<PageList>{items}</PageList>"
        head = {"Content-Type": "application/xml", "x-ms-blob-content-length": str(blob.size)}
        return 200, "", head, xml.encode()

    def _get(self, blob: Blob) -> Answer:
        header = self.headers.get("x-ms-range") or self.headers.get("Range") or ""
        start, end = _range_of(header) or (0, blob.size)
        if start >= blob.size:
            return refusal(416, "InvalidRange")
        if self.headers.get("If-Match", blob.etag) != blob.etag:
            return refusal(412, "ConditionNotMet")
        end = min(end, blob.size)
        head = _described(blob) | {"Content-Range": f"bytes {start}-{end - 1}/{blob.size}"}
        del head["Content-Length"]
        return 206, "", head, blob.read(start, end)

    def _send(self, answer: Answer) -> None:
        status, code, headers, body = answer
        self.send_response(status)
        if code:
            self.send_header("x-ms-error-code", code)
        for name, value in {**_COMMON, **headers}.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


_COMMON = {
    "x-ms-request-id": "00000000-0000-0000-0000-000000000000",
    "x-ms-version": "2024-11-04",
    "ETag": '"0x8DD"',
    "Last-Modified": "Sat, 22 Nov 2025 10:00:00 GMT",
}


def refusal(status: int, code: str, detail: str = "", **headers: str) -> Answer:
    """An error as the service words it."""
    more = f"<AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail>" if detail else ""
    xml = f"{_XML}<Error><Code>{code}</Code><Message>{code}</Message>{more}</Error>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, code, named | {"Content-Type": "application/xml"}, xml.encode()


def _described(blob: Blob) -> dict[str, str]:
    meta = {f"x-ms-meta-{name}": value for name, value in blob.metadata.items()}
    own = {"Content-Length": str(blob.size), "x-ms-blob-type": blob.kind, "ETag": blob.etag}
    return meta | own


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _sas_moment(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    # A date alone is the beginning of a day in UTC.
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


def _range_of(header: str) -> Span | None:
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", header)
    return (int(found[1]), int(found[2]) + 1) if found else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, service: Service) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = service
        service.port = self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.service.tls is not None:
            # Hands are shaken with the first byte read, by the connection's own thread.
            connection = self.service.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        """A client that went away is no error of the service."""


@contextmanager
def serving(service: Service | None = None) -> Iterator[Service]:
    """The service on a port of loopback."""
    service = service or Service()
    with _Server(service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
