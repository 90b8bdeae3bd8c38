from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from bootworthy.rehearsal.conversation import Conversation
from bootworthy.rehearsal.ssh import Answer, Client

BROKEN = Answer(status=None, output="state=", complaint="kex_exchange_identification: closed")
TOLD = Answer(status=0, output="end=yes\n")


class Guest:
    """Gives these answers in turn, each after ten seconds."""

    def __init__(self, *answers: Answer) -> None:
        self.now = 0.0
        self.limits: list[float] = []
        self._answers: Iterator[Answer] = iter(answers)

    def run(self, command: str, limit: float) -> Answer:
        assert command == "ask"
        self.limits.append(limit)
        self.now += 10
        return next(self._answers)


def talk(guest: Guest, log: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    def sleep(seconds: float) -> None:
        guest.now += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    client = cast(Client, guest)
    asked = Conversation(client=client, seconds=lambda: guest.now, log=log)
    return asked.ask_until_told("questions", "ask", 30)


def test_a_session_that_broke_off_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Guest(BROKEN, TOLD)

    assert talk(guest, tmp_path / "log", monkeypatch) == TOLD
    assert guest.limits == [30, 17]
    told = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(one["at"], one["status"]) for one in told] == [(10, None), (23, 0)]


def test_the_limit_is_that_of_all_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = Guest(BROKEN, BROKEN, BROKEN, TOLD)

    assert talk(guest, tmp_path / "log", monkeypatch) == BROKEN
    assert guest.limits == [30, 17, 4]


def test_a_command_that_failed_has_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Answer(status=1, output="")

    assert talk(Guest(failed, TOLD), tmp_path / "log", monkeypatch) == failed
