from __future__ import annotations

import threading
import time

import pytest

from bootworthy.disk.ordered import OrderedPool


def test_results_come_in_order() -> None:
    taken: list[tuple[int, int]] = []

    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item * item

    with OrderedPool(work, lambda item, result: taken.append((item, result))) as pool:
        for item in range(30):
            pool.submit(item)

    assert taken == [(item, item * item) for item in range(30)]


def test_no_more_than_some_are_under_way() -> None:
    most, under_way, lock = 0, 0, threading.Lock()

    def work(_item: int) -> None:
        nonlocal most, under_way
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.001)
        with lock:
            under_way -= 1

    with OrderedPool(work, lambda _item, _result: None) as pool:
        for item in range(40):
            pool.submit(item)
            assert pool.first is None or item - pool.first <= 16

    assert 1 <= most <= 8


def test_an_error_comes_out_and_stops_the_rest() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 3:
            raise ValueError("three")
        done.append(item)

    def run() -> None:
        with OrderedPool(work, lambda _item, _result: None) as pool:
            for item in range(1000):
                pool.submit(item)

    with pytest.raises(ValueError, match="three"):
        run()

    assert len(done) < 100
