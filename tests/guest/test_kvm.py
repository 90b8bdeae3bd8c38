from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.guest import kvm


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    """Every case asks anew."""
    kvm.why_not.cache_clear()
    yield
    kvm.why_not.cache_clear()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A device that is there, a kernel that can be read, and short patience."""
    place = tmp_path / "kvm"
    place.touch()
    monkeypatch.setattr(kvm, "_DEVICE", place)
    monkeypatch.setattr(kvm, "_kernel", lambda: tmp_path / "vmlinuz")
    monkeypatch.setattr(kvm, "_SILENCE", 5.0)
    monkeypatch.setattr(kvm, "_LIMIT", 1.0)
    return place


def _emulator(monkeypatch: pytest.MonkeyPatch, directory: Path, script: str) -> Path:
    """An emulator that writes its arguments down and does what the script says."""
    place = directory / "qemu"
    place.write_text(f'#!/bin/sh\necho "$@" > {directory}/arguments\n{script}\n')
    place.chmod(place.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(shutil, "which", lambda _name: str(place))
    return place


def test_without_the_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kvm, "_DEVICE", tmp_path / "missing")
    assert kvm.why_not() == "there is no /dev/kvm"
    assert not kvm.works()


@pytest.mark.usefixtures("device")
def test_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "group kvm" in kvm.why_not()


@pytest.mark.usefixtures("device")
def test_without_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert kvm.why_not().endswith("is not installed")


@pytest.mark.usefixtures("device")
def test_a_machine_that_boots_and_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _emulator(monkeypatch, tmp_path, "echo '[0.0] Linux version 6.1'; echo 'Kernel panic'")
    assert kvm.why_not() == ""
    assert kvm.works()
    arguments = (tmp_path / "arguments").read_text()
    assert "-accel kvm" in arguments
    assert "panic=-1" in arguments
    assert "-no-reboot" in arguments


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(
    "script",
    [
        "exit 1",  # could not access KVM
        "echo 'Linux version'; exec sleep 60",  # hangs on the way
        "echo 'Linux version'; kill -6 $$",
    ],
)
def test_a_machine_that_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    _emulator(monkeypatch, tmp_path, script)
    assert kvm.why_not() == "/dev/kvm is there and does not boot Linux"


@pytest.mark.usefixtures("device")
def test_a_machine_that_stays_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kvm, "_SILENCE", 0.3)
    _emulator(monkeypatch, tmp_path, "exec sleep 60")
    assert not kvm.works()


@pytest.mark.usefixtures("device")
def test_it_is_tried_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _emulator(monkeypatch, tmp_path, "true")
    assert kvm.works()
    (tmp_path / "arguments").unlink()
    assert kvm.works()
    assert not (tmp_path / "arguments").exists()
