from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import ResetMachineId, SetKernelArguments
from bootworthy.rules.cleanup.machine_id_left import DBUS_PATH, PATH, check
from tests.guest.memory import Link
from tests.rules.healthy import GRUB_CFG, MACHINE, RELEASE, healthy, systemd_boot
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


def test_an_argument_gives_all_machines_one_id() -> None:
    word = f"systemd.machine_id={MACHINE}"
    files = healthy(
        {
            GRUB_CFG: None,
            **systemd_boot(options=f"root=x {word} ro"),
            "/etc/kernel/entry-token": "x\n",
        }
    )
    found = finding(check, subject(files))

    assert found.place.path == f"/boot/efi/loader/entries/{MACHINE}-{RELEASE}.conf"
    assert word in found.message
    assert found.fix is not None
    assert found.fix.steps == (SetKernelArguments(remove=(word,)),)


def test_entries_named_after_an_id_need_a_word_of_their_own() -> None:
    files = healthy({GRUB_CFG: None, **systemd_boot()})
    found = finding(check, subject(files))

    assert found.place.path == f"/boot/efi/loader/entries/{MACHINE}-{RELEASE}.conf"
    assert found.found == "no /etc/kernel/entry-token"
    assert found.fix is not None
    assert found.fix.steps == (ResetMachineId(),)


@pytest.mark.parametrize(
    "changes",
    [
        {"/etc/kernel/entry-token": f"{MACHINE}\n", GRUB_CFG: None},
        # GRUB reads entries of any name.
        {},
    ],
)
def test_entries_that_keep_their_name(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy({**systemd_boot(), **changes}))) == ()
