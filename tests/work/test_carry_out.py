from __future__ import annotations

import errno
import os
from typing import get_args

import pytest

from bootworthy.model.events import Event, StepFinished, StepStarted
from bootworthy.model.plan import ChangeKind, Plan, PlannedStep
from bootworthy.model.steps import Phase, RemovePaths, Step, WriteFile
from bootworthy.work import carry_out as carrying
from bootworthy.work.carry_out import carry_out, describe
from bootworthy.work.target import ApplyOptions, StepFailedError, Target
from tests.work.steps.conditions import target_of


def plan(*given: Step) -> Plan:
    return Plan(steps=tuple(PlannedStep(step=step, rules=("X-01",)) for step in given))


def test_a_change_knows_its_step_and_its_rules() -> None:
    target = target_of({"/etc/old": "1\n"})

    changes = carry_out(
        plan(WriteFile(path="/etc/new", text="2\n"), RemovePaths(patterns=("/etc/old",))), target
    )

    assert [(change.kind, change.what, change.step, change.rules) for change in changes] == [
        (ChangeKind.CREATED, "/etc/new", "write-file", ("X-01",)),
        (ChangeKind.REMOVED, "/etc/old", "remove-paths", ("X-01",)),
    ]
    assert target.tree.text_or("/etc/new") == "2\n"
    assert not target.tree.exists("/etc/old")


def test_a_step_that_fails_is_skipped_and_the_rest_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_step: Step, _target: Target) -> None:
        raise StepFailedError("no way")

    monkeypatch.setitem(carrying._EXECUTORS, RemovePaths, fail)
    target = target_of({})

    skipped, created = carry_out(
        plan(RemovePaths(patterns=("/x",)), WriteFile(path="/etc/new", text="2\n")), target
    )

    assert (skipped.kind, skipped.detail) == (ChangeKind.SKIPPED, "no way")
    assert created.kind is ChangeKind.CREATED


def test_a_full_guest_is_told_and_a_failing_host_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = iter((errno.ENOSPC, errno.EIO))

    def fail(_step: Step, _target: Target) -> None:
        code = next(codes)
        raise OSError(code, os.strerror(code), "/etc/x")

    monkeypatch.setitem(carrying._EXECUTORS, RemovePaths, fail)
    given = plan(RemovePaths(patterns=("/x",)))

    (skipped,) = carry_out(given, target_of({}))
    assert skipped.detail == "/etc/x: no space left in the guest"
    with pytest.raises(OSError, match="Input/output error"):
        carry_out(given, target_of({}))


def test_each_step_is_announced_and_timed() -> None:
    seen: list[Event] = []
    target = target_of({}, options=ApplyOptions(observer=seen.append))

    carry_out(plan(WriteFile(path="/etc/new", text="")), target)

    started, finished = seen
    assert started == StepStarted("Write /etc/new")
    assert isinstance(finished, StepFinished)
    assert (finished.title, finished.detail) == ("Write /etc/new", "")


def test_every_step_inside_a_guest_has_an_executor_and_a_title() -> None:
    inside = {kind for kind in get_args(Step) if kind.phase is not Phase.DISK}

    assert inside == set(carrying._EXECUTORS)
    assert describe(RemovePaths(patterns=("/a", "/b"))) == "Remove /a and 1 more"
