from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.guest import kvm
from bootworthy.guest.engines import select
from bootworthy.guest.engines.appliance import launch
from bootworthy.guest.engines.base import DiskImage, Session
from bootworthy.guest.engines.reader import session as reader
from bootworthy.guest.engines.select import open_guest_session
from bootworthy.model.errors import GuestError, HostError, UsageError
from bootworthy.model.events import Event, Note, Observer, ignore
from tests.guest.engines.conditions import needs_loop, needs_mtools

_MISSING = HostError("host-libguestfs-missing", "no libguestfs", hint="apt install python3-guestfs")


class _Machine:
    """A machine that has what a case says; which engine is opened is all that is looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []
        self._patch = monkeypatch
        for name in ("_reader", "_host", "_appliance_to_read", "_appliance_to_write"):
            monkeypatch.setattr(select, name, self._opener(name))

    def _opener(self, name: str) -> object:
        def opener(_image: DiskImage, _guest: str | None, _observer: Observer) -> Session | None:
            self.opened.append(name.removeprefix("_"))
            return None

        return opener

    def has(self, *, kvm_works: bool, root: bool, appliance: bool, dissect: bool = True) -> None:
        self._patch.setattr(kvm, "why_not", lambda: "" if kvm_works else "there is no /dev/kvm")
        self._patch.setattr(os, "geteuid", lambda: 0 if root else 1000)
        self._patch.setattr(launch, "why_not", lambda: None if appliance else _MISSING)
        self._patch.setattr(reader, "is_installed", lambda: dissect)

    def open(self, observer: Observer = ignore, **how: object) -> str:
        open_guest_session(None, observer=observer, **how)  # type: ignore[arg-type] # no image is opened
        return self.opened[-1]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> _Machine:
    return _Machine(monkeypatch)


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("auto", "reader"),
        ("reader", "reader"),
        ("host", "reader"),
        ("appliance", "appliance_to_read"),
    ],
)
def test_reading(machine: _Machine, engine: str, expected: str) -> None:
    machine.has(kvm_works=False, root=True, appliance=True)
    assert machine.open(engine=engine) == expected


def test_reading_without_the_reader(machine: _Machine) -> None:
    machine.has(kvm_works=False, root=False, appliance=True, dissect=False)
    assert machine.open() == "appliance_to_read"
    machine.has(kvm_works=False, root=False, appliance=False, dissect=False)
    with pytest.raises(HostError) as caught:
        machine.open()
    assert caught.value.code == "host-no-engine"
    assert "bootworthy[reader]" in caught.value.hint
    assert "python3-guestfs" in caught.value.hint


def test_writing_prefers_an_appliance_at_full_speed(machine: _Machine) -> None:
    machine.has(kvm_works=True, root=True, appliance=True)
    assert machine.open(writable=True, trust_image=True) == "appliance_to_write"


def test_writing_by_the_host_needs_root_and_trust(machine: _Machine) -> None:
    machine.has(kvm_works=False, root=True, appliance=True)
    assert machine.open(writable=True, trust_image=True) == "host"
    machine.has(kvm_works=False, root=True, appliance=False)
    assert machine.open(writable=True, trust_image=True) == "host"


@pytest.mark.parametrize("root", [True, False])
def test_an_emulated_appliance_is_announced(machine: _Machine, root: bool) -> None:
    machine.has(kvm_works=False, root=root, appliance=True)
    seen: list[Event] = []
    assert machine.open(seen.append, writable=True, trust_image=not root) == "appliance_to_write"
    assert len(seen) == 1
    assert isinstance(seen[0], Note)
    assert "15 minutes" in seen[0].text
    assert "--trust-image" in seen[0].text


@pytest.mark.parametrize("root", [True, False])
def test_no_engine_to_write_with(machine: _Machine, root: bool) -> None:
    machine.has(kvm_works=True, root=root, appliance=False)
    with pytest.raises(HostError) as caught:
        machine.open(writable=True)
    assert caught.value.code == "host-no-engine"
    assert "apt install python3-guestfs" in caught.value.hint
    assert "--trust-image" in caught.value.hint


def test_the_engine_asked_for_is_taken(machine: _Machine) -> None:
    machine.has(kvm_works=False, root=True, appliance=True)
    assert machine.open(writable=True, engine="host") == "host"
    assert machine.open(writable=True, engine="appliance") == "appliance_to_write"


def test_engines_that_are_not(machine: _Machine) -> None:
    machine.has(kvm_works=False, root=True, appliance=True)
    for writable in (True, False):
        with pytest.raises(UsageError) as caught:
            machine.open(engine="magic", writable=writable)
        assert caught.value.code == "engine-unknown"
    with pytest.raises(UsageError) as caught:
        machine.open(engine="reader", writable=True)
    assert caught.value.code == "engine-cannot-write"


@pytest.mark.parametrize("code", ["guest-file-system-unsupported", "host-file-system-unsupported"])
def test_what_one_engine_cannot_open_the_appliance_may(
    machine: _Machine, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    machine.has(kvm_works=False, root=True, appliance=True)
    error = GuestError(code, "the root is on LVM")

    def failing(_image: DiskImage, _guest: str | None, _observer: Observer) -> Session:
        raise error

    monkeypatch.setattr(select, "_reader", failing)
    monkeypatch.setattr(select, "_host", failing)
    seen: list[Event] = []
    assert machine.open(seen.append) == "appliance_to_read"
    assert machine.open(seen.append, writable=True, trust_image=True) == "appliance_to_write"
    assert [event.text for event in seen if isinstance(event, Note)] == [
        "the root is on LVM: trying the appliance"
    ] * 2
    with pytest.raises(GuestError):
        machine.open(engine="reader")
    with pytest.raises(GuestError):
        machine.open(engine="host", writable=True)


def test_without_an_appliance_the_first_error_stays(
    machine: _Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has(kvm_works=False, root=True, appliance=False)

    def failing(_image: DiskImage, _guest: str | None, _observer: Observer) -> Session:
        raise GuestError("guest-file-system-unsupported", "the root is on LVM")

    monkeypatch.setattr(select, "_reader", failing)
    with pytest.raises(GuestError):
        machine.open()
    assert machine.opened == []


def test_other_errors_are_not_tried_again(
    machine: _Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has(kvm_works=False, root=True, appliance=True)

    def failing(_image: DiskImage, _guest: str | None, _observer: Observer) -> Session:
        raise GuestError("guest-ambiguous", "two")

    monkeypatch.setattr(select, "_reader", failing)
    with pytest.raises(GuestError):
        machine.open()
    assert machine.opened == []


@needs_mtools
def test_reading_for_real(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, open_guest_session(image) as session:
        assert session.engine == "reader"
        assert session.tree.exists("/etc/os-release")


@needs_loop
@needs_mtools
def test_writing_for_real(uefi_disk: Path) -> None:
    with (
        open_image(uefi_disk) as image,
        open_guest_session(image, engine="host", writable=True, guest="3") as session,
    ):
        assert session.engine == "host"
        session.writable.write("/etc/new", b"x")
