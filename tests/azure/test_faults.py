"""Two hundred uploads to Azurite through a bad line, many of them killed at any moment.

In the end the blob is right each time, and no range came more often than faults and kills explain.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from bootworthy.model.errors import TransferError, UsageError
from tests.azure.azurite_service import Azurite
from tests.azure.blob_service import Service, refusal
from tests.azure.disks import fixed_vhd, small_disk
from tests.azure.fault_proxy import Fault, Proxy
from tests.azure.killable import STALL, Nursery
from tests.azure.sending import send
from tests.disk.making import needs

pytestmark = needs("sfdisk")

_RUNS = 200
_BATCH = 20
_CONNECTIONS = 4


@pytest.mark.parametrize("batch", range(_RUNS // _BATCH))
def test_a_bad_line_and_kills_change_nothing(
    batch: int, azurite: Azurite, proxy: Proxy, transfers: Nursery, tmp_path: Path
) -> None:
    source = small_disk(tmp_path / "disk.raw")
    expected = fixed_vhd(source)
    proxy.faults.clear()
    kills = 0
    for run in range(batch * _BATCH, (batch + 1) * _BATCH):
        name = f"run-{run}.vhd"
        proxy.restart(seed=run, rate=0.15)
        killed = _upload_until_done(run, azurite.url(name, port=proxy.port), source, transfers)
        kills += killed

        assert azurite.content(name)[:-512] == expected[:-512]
        assert _unexplained(proxy, killed) == {}

    assert kills > 0
    assert sum(proxy.faults[fault] for fault in Fault if fault is not Fault.NONE) > _BATCH


def _upload_until_done(run: int, url: str, source: Path, transfers: Nursery) -> int:
    """Upload through it all; how often the process was killed."""
    chance = random.Random(run)  # noqa: S311 - a test's dice
    journal = source.with_name(f"{run}.sqlite")
    for kills in range(50):
        order = {"source": str(source), "url": url, "journal": str(journal)}
        child = transfers.start(**order, resume=kills > 0)
        if kills < 2 and chance.random() < 0.6:
            time.sleep(chance.uniform(0.0, 0.25))
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        status = transfers.wait()
        if status == 0:
            return kills
        if status == UsageError.exit_code and not journal.exists():
            # Killed after its last step: the blob is whole, and nothing is left to continue.
            return kills
        assert status == -signal.SIGKILL
    raise AssertionError("it never ended")


def _unexplained(proxy: Proxy, kills: int) -> dict[tuple[int, int], int]:
    """Ranges that came more often than once, once more for each fault, and once for each kill."""
    with proxy.lock:
        extra = Counter({span: n - 1 - proxy.hurt[span] for span, n in proxy.came.items()})
    # A kill can hit no more ranges than there are connections.
    assert sum(n for n in extra.values() if n > 0) <= kills * _CONNECTIONS
    return {span: n for span, n in extra.items() if n > kills}


def test_every_sort_of_fault_is_survived_alone(
    azurite: Azurite, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = small_disk(tmp_path / "disk.raw")
    expected = fixed_vhd(source)
    for fault in Fault:
        remaining = [fault] * 3
        monkeypatch.setattr(
            "tests.azure.fault_proxy.Proxy.choose",
            lambda _self, _head, left=remaining: left.pop() if left else Fault.NONE,
        )
        name = f"alone-{fault.name.lower().replace('_', '-')}.vhd"
        send(source, azurite.url(name, port=proxy.port), timeout=STALL / 2)

        assert azurite.content(name)[:-512] == expected[:-512], fault
        assert not remaining


def test_retry_after_is_waited_for(service: Service, tmp_path: Path) -> None:
    moments: list[float] = []

    def busy(method: str, _path: str, query: str) -> tuple[int, str, dict[str, str], bytes] | None:
        if method == "PUT" and "comp=page" in query:
            moments.append(time.monotonic())
            if len(moments) == 1:
                status, code, headers, body = refusal(503, "ServerBusy", Retry_After="1")
                return status, code, dict(headers), body
        return None

    service.faults = busy
    result = send(small_disk(tmp_path / "disk.raw"), service.url(), connections=1)

    assert result.retries == 1
    assert moments[1] - moments[0] >= 1.0


def test_a_service_that_stays_busy_is_given_up(service: Service, tmp_path: Path) -> None:
    service.faults = lambda method, _path, query: (
        refusal(503, "ServerBusy") if method == "PUT" and "comp=page" in query else None
    )
    with pytest.raises(TransferError) as caught:
        send(small_disk(tmp_path / "disk.raw"), service.url(), give_up_after=0.5)

    assert caught.value.code == "azure-busy"
