"""How many requests run at once, and how fast."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bootworthy.azure.faults import seconds_of
from bootworthy.azure.pace import Pace, Stopped
from bootworthy.azure.windows import runs


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_grows_by_one_a_round_and_halves_when_pushed_back() -> None:
    clock = Clock()
    pace = Pace(16, clock=clock)
    assert pace.limit == 4
    for _ in range(5):
        pace.went_well()
    assert pace.limit == 5
    for _ in range(500):
        pace.went_well()
    assert pace.limit == 16
    for _ in range(5):
        # All of one round: one push.
        pace.pushed_back()
    assert pace.limit == 8
    for _ in range(10):
        clock.now += 2
        pace.pushed_back()
    assert pace.limit == 1


def test_no_more_run_at_once_than_the_limit() -> None:
    pace, running, most = Pace(2), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        for _ in range(50):
            with pace.turn(1):
                with lock:
                    running[0] += 1
                    most[0] = max(most[0], running[0])
                with lock:
                    running[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most[0] <= 2


def test_a_rate_spreads_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    pace = Pace(4, rate=1000, clock=clock)
    waits: list[float] = []
    monkeypatch.setattr(pace, "sleep", waits.append)
    for _ in range(4):
        with pace.turn(500):
            pass

    assert waits == [0.0, 0.5, 1.0, 1.5]


def test_who_waits_is_told_when_it_ends() -> None:
    pace = Pace(1)
    pace.stop()
    with pytest.raises(Stopped), pace.turn(1):
        pass
    with pytest.raises(Stopped):
        pace.sleep(60)


def test_retry_after_is_a_number_or_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    assert seconds_of("5") == 5.0
    assert 80 < (seconds_of(later) or 0) <= 90
    assert seconds_of("Sat, 22 Nov 2025 10:00:00 GMT") == 0.0
    assert seconds_of("soon") is None
    assert seconds_of(None) is None


def test_runs_join_short_gaps_and_cover_foreign_data() -> None:
    kib = 1024
    data = bytearray(1024 * kib)
    data[0] = data[4 * kib + 128 * kib] = 1
    data[600 * kib] = 1
    data[-1] = 1
    start = 1 << 30

    found = list(runs(bytes(data), start))
    foreign = list(runs(bytes(data), start, ((start + 300 * kib, start + 301 * kib),)))

    spans = [(0, 136), (600, 604), (1020, 1024)]
    assert found == [(start + a * kib, start + b * kib) for a, b in spans]
    assert (start + 300 * kib, start + 304 * kib) in foreign
    assert list(runs(bytes(4096), 0)) == []
    assert list(runs(b"\1" + bytes(511), 512)) == [(512, 1024)]
