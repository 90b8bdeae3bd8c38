from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import ResetMachineId
from bootworthy.rules.cleanup.machine_id_left import DBUS_PATH, PATH, check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

ID = "5a1f7c9be3d84c0f9e6b2d4a7c8e1f03\n"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {PATH: "uninitialized\n"},
        {PATH: None},
        {DBUS_PATH: None},
        {DBUS_PATH: ""},
        # The other way round, as older releases had it.
        {PATH: Link(DBUS_PATH), DBUS_PATH: ""},
    ],
)
def test_no_id(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(changes))) == ()


@pytest.mark.parametrize(("path", "other"), [(PATH, DBUS_PATH), (DBUS_PATH, PATH)])
def test_an_id(path: str, other: str) -> None:
    found = finding(check, subject(healthy({path: ID, other: None})))

    assert found.severity is Severity.WARNING
    assert found.place.path == path
    assert found.found == ID.strip()
    assert found.fix is not None
    assert found.fix.steps == (ResetMachineId(),)


def test_a_link_to_the_id_is_no_second_one() -> None:
    assert finding(check, subject(healthy({PATH: ID}))).place.path == PATH


def test_two_ids() -> None:
    assert len(findings(check, subject(healthy({PATH: ID, DBUS_PATH: ID})))) == 2


def test_a_long_one_is_cut() -> None:
    assert finding(check, subject(healthy({PATH: "a" * 4000}))).found == "a" * 40


def test_a_specialized_image_keeps_it() -> None:
    files = healthy({PATH: ID})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
