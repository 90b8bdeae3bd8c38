"""Requests that are sent again until they get through, or until nothing does for too long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from bootworthy.azure.faults import Fault, Kind, fault_of
from bootworthy.azure.pace import Pace

T = TypeVar("T")

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 30.0

# A server that asks for more is taken at its word only up to here.
_LONGEST_RETRY_AFTER = 300.0


class Patience:
    """Tries again through errors of the network and of a busy service.

    It gives up when nothing at all got through for ``give_up_after`` seconds. ``renew`` gets a new
    SAS when the old one is refused and says whether it could.
    """

    def __init__(
        self,
        pace: Pace,
        *,
        give_up_after: float,
        renew: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace = pace
        self._give_up_after = give_up_after
        self._renew = renew
        self._clock = clock
        self._last_success = clock()
        self.retries = 0

    def call(self, action: Callable[[], T]) -> T:
        """The result of ``action``, however often it takes.

        Raises:
            TransferError: Azure refuses it for good, or nothing got through for too long.
            Stopped: the transfer ends meanwhile.
        """
        from azure.core.exceptions import AzureError

        tries = renewed = 0
        while True:
            try:
                result = action()
            except AzureError as error:
                # Without `from None` the chain would show the address with its signature.
                fault = fault_of(error)
                renewed = self._after(fault, tries, renewed)
                tries += 1
                continue
            self._last_success = self._clock()
            self._pace.went_well()
            return result

    def _after(self, fault: Fault, tries: int, renewed: int) -> int:
        """Wait as the fault asks for, or end with it; how often the SAS was renewed by now."""
        if fault.kind is Kind.DENIED:
            if renewed or not self._renew():
                raise fault.error() from None
            return renewed + 1
        if fault.kind is Kind.FINAL or self._clock() - self._last_success > self._give_up_after:
            raise fault.error() from None
        self.retries += 1
        self._pace.pushed_back()
        self._pace.sleep(_delay(fault, tries))
        return renewed


def _delay(fault: Fault, tries: int) -> float:
    """Seconds to wait: what the server asked for, else longer each time, spread at random."""
    if fault.retry_after is not None:
        return min(fault.retry_after, _LONGEST_RETRY_AFTER)
    longest = min(_FIRST_DELAY * 2.0**tries, _LONGEST_DELAY)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, no secret
