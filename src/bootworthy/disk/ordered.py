"""Work spread over threads, with results taken in the order it was given."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

# Each may hold some 10 MiB, and 200 MiB are all that a conversion may take.
_MAX_THREADS = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


class OrderedPool(Generic[Item, Result]):
    """As many threads as processors, up to 8.

    ``work`` runs in one of them, ``take`` in the caller's. No more than twice as many items are
    under way at once, so that memory stays bounded. As a context it waits for everything at its
    end; after an exception, only for what already runs.
    """

    def __init__(
        self, work: Callable[[Item], Result], take: Callable[[Item, Result], None]
    ) -> None:
        self._work = work
        self._take = take
        threads = min(os.cpu_count() or 1, _MAX_THREADS)
        self._most = 2 * threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="disk")
        self._waiting: deque[tuple[Item, Future[Result]]] = deque()

    @property
    def first(self) -> Item | None:
        """The oldest item whose result was not taken yet."""
        return self._waiting[0][0] if self._waiting else None

    def submit(self, item: Item) -> None:
        """Have ``item`` worked on; waits while enough is under way."""
        self._waiting.append((item, self._pool.submit(self._work, item)))
        while len(self._waiting) > self._most or (self._waiting and self._waiting[0][1].done()):
            self._take_first()

    def _take_first(self) -> None:
        item, future = self._waiting[0]
        result = future.result()
        self._waiting.popleft()
        self._take(item, result)

    def __enter__(self) -> Self:
        """Use the pool as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was given, or what runs."""
        try:
            while kind is None and self._waiting:
                self._take_first()
        finally:
            # Nothing may run once the caller closes its descriptors.
            self._pool.shutdown(wait=True, cancel_futures=True)
