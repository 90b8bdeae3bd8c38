"""The order of a rehearsal: first boot, questions, the agent's status, second boot."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from bootworthy.model.errors import HostError
from bootworthy.model.rehearsal import MilestoneState
from bootworthy.rehearsal import rehearse as module
from bootworthy.rehearsal.candidate import Candidate
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.fabric.clock import Clock
from bootworthy.rehearsal.fabric.events import EventLog
from bootworthy.rehearsal.rehearse import RehearsalOptions, rehearse
from bootworthy.rehearsal.ssh import Answer, Client, SshKey
from tests.rehearsal.test_answers import CANDIDATE, GOOD

_SPOKE = b"GRUB loading.\n[ 0.0] Linux version 6\nsystemd[1]: systemd 252\n"


@dataclass
class _Machine:
    """What stands in for QEMU and the guest in it; ``boots`` counts its boots."""

    console: Console = field(default_factory=Console)
    began: float = field(default_factory=time.monotonic)
    alive: bool = True
    failure: HostError | None = None
    boots: int = 1
    asked: list[str] = field(default_factory=list)
    answers: bool = True

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def refuse_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    def run(self, command: str) -> Answer:
        if "systemctl reboot" in command:
            self.asked.append("reboot")
            self.boots += 1
            return Answer(status=0, output="")
        if "say end yes" not in command:
            self.asked.append("login")
            return Answer(status=0, output=f"boot{self.boots}\n")
        self.asked.append("questions")
        told = {**GOOD, "boot_id": f"boot{self.boots}", "end": "yes"} if self.answers else {}
        return Answer(status=0, output="".join(f"{key}={value}\n" for key, value in told.items()))


class _Fabric:
    """The events of a guest that provisions; nothing listens."""

    pass_fds: tuple[int, ...] = ()
    macs: tuple[str, ...] = ()
    dvd = None

    def __init__(self, *_: object) -> None:
        self.clock = Clock()
        self.events = EventLog(self.clock)
        for service, kind in (
            ("dhcp", "dhcp-ack"),
            ("wire", "goalstate"),
            ("wire", "health-ready"),
        ):
            self.events.add(service, kind)
        status = threading.Timer(0.2, self.events.add, ("host-plugin", "hostgaplugin-status", "{}"))
        status.daemon = True
        status.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wrap(self, argv: list[str]) -> list[str]:
        return argv

    def qemu_arguments(self) -> list[str]:
        return []

    def connect_guest(self, *_: object) -> Self:
        return self

    def close(self) -> None:
        pass


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _Machine:
    """Stand-ins for all that needs a machine; the rest is the rehearsal's own."""
    made = _Machine()
    made.console.feed(_SPOKE, 0.1)

    @contextmanager
    def _nothing(*_: object, **__: object) -> Iterator[_Machine]:
        yield made

    monkeypatch.setattr(module, "Fabric", _Fabric)
    monkeypatch.setattr(module, "power_on", _nothing)
    monkeypatch.setattr(module, "gateway", _nothing)
    monkeypatch.setattr(module, "emulator_for", lambda _: "qemu")
    monkeypatch.setattr(module._Rehearsal, "_argv", lambda *_: ["qemu"])
    key = SshKey(path=tmp_path / "id", public="ssh-rsa AAAA rehearsal")
    monkeypatch.setattr(module, "make_key", lambda _: key)
    monkeypatch.setattr(Client, "run", lambda _self, command, _limit: made.run(command))
    return made


def _candidate(tmp_path: Path) -> Candidate:
    (tmp_path / "x.vhd").touch()
    return CANDIDATE


def test_a_whole_rehearsal(machine: _Machine, tmp_path: Path) -> None:
    options = RehearsalOptions(keep=tmp_path / "logs", emulate=True)
    verdict = rehearse(_candidate(tmp_path), lambda _code: None, options)

    assert machine.asked == ["login", "questions", "reboot", "login", "questions"]
    assert verdict.passed
    assert {item.state for item in verdict.milestones} == {MilestoneState.REACHED}
    assert all(item.at is not None and item.evidence for item in verdict.milestones)
    lines = (tmp_path / "logs" / "guest.jsonl").read_text().splitlines()
    assert [json.loads(line)["purpose"] for line in lines] == machine.asked


def test_without_the_second_boot(machine: _Machine, tmp_path: Path) -> None:
    options = RehearsalOptions(second_boot=False, emulate=True)
    verdict = rehearse(_candidate(tmp_path), lambda _code: None, options)
    second = verdict.milestone("second-login")

    assert machine.asked == ["login", "questions"]
    assert verdict.passed
    assert second is not None
    assert second.state is MilestoneState.NOT_ASKED


def test_a_login_that_leads_to_no_answer_has_not_passed(machine: _Machine, tmp_path: Path) -> None:
    machine.answers = False
    verdict = rehearse(_candidate(tmp_path), lambda _code: None, RehearsalOptions(emulate=True))

    assert not verdict.passed
    assert [item.code for item in verdict.diagnoses] == ["BT-11"]


def test_a_machine_that_is_killed_is_no_verdict(machine: _Machine, tmp_path: Path) -> None:
    machine.console = Console()
    machine.alive, machine.failure = False, HostError("qemu-ended", "ended by SIGKILL")

    with pytest.raises(HostError, match="ended by SIGKILL"):
        rehearse(_candidate(tmp_path), lambda _code: None, RehearsalOptions(emulate=True))
