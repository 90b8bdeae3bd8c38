"""A page blob reached with patience and at a pace: every request is sent until it gets through."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from bootworthy.azure.options import TransferOptions
from bootworthy.azure.pace import Pace
from bootworthy.azure.page_blob import PageBlob, Properties
from bootworthy.azure.patience import Patience
from bootworthy.azure.sdk import require_sdk
from bootworthy.azure.target import Target
from bootworthy.azure.windows import Readable
from bootworthy.disk.sizes import GIB
from bootworthy.disk.vhd_stream import Span, joined

T = TypeVar("T")

# Listing the ranges of a whole large blob takes longer than the service waits.
_LISTED_AT_ONCE = 64 * GIB


class Line:
    """The way to ``target``; ``moved`` bytes went over it in ``requests`` requests.

    Raises:
        HostError: ``azure-sdk-missing``.
    """

    def __init__(self, target: Target, options: TransferOptions) -> None:
        require_sdk()
        self.target = target
        self.pace = Pace(options.connections, options.limit_rate)
        self._md5 = options.md5 and not target.managed
        self._blob = PageBlob(target, connections=options.connections, timeout=options.timeout)
        self._patience = Patience(
            self.pace, give_up_after=options.give_up_after, renew=self._blob.renew
        )
        self._lock = threading.Lock()
        self.moved = 0
        self.requests = 0

    @property
    def retries(self) -> int:
        """How many requests were sent again."""
        return self._patience.retries

    def properties(self) -> Properties | None:
        """What is at the target, None when nothing is.

        Raises:
            TransferError: Azure refuses, or cannot be reached.
        """
        return self._patience.call(self._blob.properties)

    def create(self, size: int, metadata: dict[str, str], *, replace: bool) -> None:
        """Make the blob; raises what PageBlob.create raises where something is there already."""
        self._patience.call(lambda: self._blob.create(size, metadata, replace=replace))

    def write(self, offset: int, data: Readable) -> None:
        """Put up to 4 MiB at ``offset``.

        Raises:
            TransferError: Azure refuses, or cannot be reached.
            Stopped: the transfer ends.
        """
        self._moving(len(data), lambda: self._blob.write(offset, data, md5=self._md5))

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes at ``offset``; raises as ``write``."""
        return self._moving(size, lambda: self._blob.read(offset, size))

    def pin(self, etag: str) -> None:
        """Read nothing but this version of the blob from now on."""
        self._blob.pin(etag)

    def _moving(self, size: int, action: Callable[[], T]) -> T:
        def paced() -> T:
            with self.pace.turn(size):
                return action()

        result = self._patience.call(paced)
        with self._lock:
            self.moved += size
            self.requests += 1
        return result

    def spans(self, size: int) -> Iterator[Span]:
        """Where a blob of ``size`` bytes holds data; raises as ``write``."""
        return joined(self._pieces(size))

    def _pieces(self, size: int) -> Iterator[Span]:
        for start in range(0, size, _LISTED_AT_ONCE):
            end = min(start + _LISTED_AT_ONCE, size)
            yield from self._patience.call(partial(self._listed, start, end))

    def _listed(self, start: int, end: int) -> list[Span]:
        return list(self._blob.spans(start, end))

    def close(self) -> None:
        """Close every connection."""
        self._blob.close()

    def __enter__(self) -> Self:
        """Use the line as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self.close()
