"""A page blob, by Microsoft's SDK, with retries left to us.

https://learn.microsoft.com/rest/api/storageservices/put-page: a write has at most 4 MiB and begins
and ends at multiples of 512 bytes. A page blob has at most 8 TiB.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bootworthy.azure.target import Target
from bootworthy.azure.windows import Readable
from bootworthy.disk.sizes import MIB, TIB
from bootworthy.disk.vhd_stream import Span, joined
from bootworthy.model.errors import UsageError

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

MAX_WRITE = 4 * MIB
MAX_BLOB = 8 * TIB

# Workers see an expired SAS at the same time; the new one is good for hours.
_RENEWED_LATELY = 60.0


@dataclass(frozen=True, kw_only=True)
class Properties:
    """What is at the target: its size in bytes, type, metadata and version."""

    size: int
    blob_type: str
    metadata: dict[str, str]
    etag: str


class PageBlob:
    """A page blob behind one pool of connections.

    Every method raises the SDK's errors, and is safe to call again after one.
    """

    def __init__(self, target: Target, *, connections: int, timeout: float) -> None:
        self.target = target
        self._owned = ExitStack()
        self._options: dict[str, Any] = {
            "transport": self._transport(connections),
            "retry_total": 0,
            "connection_timeout": timeout,
            "read_timeout": timeout,
        }
        self._lock = threading.Lock()
        self._pinned: dict[str, Any] = {}
        self._renewed = float("-inf")
        self._client = target.connect(self._options)

    def _transport(self, connections: int) -> object:
        from bootworthy.azure.transport import PooledSession, transport_over

        session = PooledSession(connections)
        self._owned.callback(session.close)
        return transport_over(session)

    @property
    def client(self) -> BlobClient:
        """The SDK's client with the newest SAS."""
        with self._lock:
            return self._client

    def renew(self) -> bool:
        """Get a new SAS when the target can; True when there is one to try."""
        if self.target.renew is None:
            return False
        with self._lock:
            if time.monotonic() - self._renewed > _RENEWED_LATELY:
                self._client = self.target.renew()(self._options)
                self._renewed = time.monotonic()
        return True

    def properties(self) -> Properties | None:
        """What is there, None when nothing is."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = self.client.get_blob_properties()
        except ResourceNotFoundError as error:
            if getattr(error, "error_code", "") == "ContainerNotFound":
                raise
            return None
        return Properties(
            size=int(found.size or 0),
            blob_type=str(getattr(found.blob_type, "value", found.blob_type)),
            metadata=dict(found.metadata or {}),
            etag=str(found.etag or ""),
        )

    def create(self, size: int, metadata: dict[str, str], *, replace: bool) -> None:
        """Make an empty page blob of ``size`` bytes; what was there before is gone.

        Without ``replace`` it fails when something is there.
        """
        from azure.core import MatchConditions

        condition = None if replace else MatchConditions.IfMissing
        self.client.create_page_blob(size, metadata=metadata, match_condition=condition)

    def write(self, offset: int, data: Readable, *, md5: bool = False) -> None:
        """Put up to 4 MiB at ``offset``; with ``md5`` the service checks what arrived."""
        checked: dict[str, Any] = {"validate_content": True} if md5 else {}
        # The SDK says bytes; it sends memory of any owner, but hashes only bytes.
        body: Any = bytes(data) if md5 else data
        self.client.upload_page(body, offset, len(data), **checked)

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes at ``offset``; after ``pin`` only of the same version."""
        stream = self.client.download_blob(
            offset=offset, length=size, max_concurrency=1, **self._pinned
        )
        data: bytes = stream.readall()
        return data

    def pin(self, etag: str) -> None:
        """Read nothing but this version of the blob from now on."""
        from azure.core import MatchConditions

        if etag:
            self._pinned = {"etag": etag, "match_condition": MatchConditions.IfNotModified}

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """Where the blob holds data between two offsets, in order, apart."""
        ranges = self.client.list_page_ranges(offset=start, length=end - start)
        # An emulator lists ranges that touch, and some that lie outside what was asked for.
        found = sorted((item.start or 0, (item.end or 0) + 1) for item in ranges)
        yield from joined((max(first, start), min(last, end)) for first, last in found)

    def close(self) -> None:
        """Close every connection."""
        self._owned.close()

    def __enter__(self) -> Self:
        """Use the blob as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self.close()


def refuse_wrong_kind(target: Target, found: Properties) -> None:
    """Refuse what is no page blob.

    Raises:
        UsageError: ``azure-not-a-page-blob``.
    """
    if found.blob_type != "PageBlob":
        raise UsageError(
            "azure-not-a-page-blob",
            f"{target.name} is a {found.blob_type}; disks are made from page blobs only",
            hint="send it again with bootworthy upload",
        )
