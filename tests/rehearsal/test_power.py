"""A machine that ended, and what ended it; a small program stands in for QEMU."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from bootworthy.model.errors import HostError
from bootworthy.rehearsal.power import power_on

# It opens its serial port as QEMU does, speaks, and lives until the other side hangs up.
_STAND_IN = """
import socket, sys
with socket.socket(socket.AF_UNIX) as port:
    port.connect(sys.argv[1])
    port.sendall(b"SeaBIOS\\r\\n")
    if len(sys.argv) == 2:
        port.recv(1)
    if sys.argv[2:] == ["no card"]:
        sys.exit("no such device")
"""


def _argv(tmp_path: Path, *more: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _STAND_IN, str(tmp_path / "serial"), *more]


def test_a_signal_from_outside_is_told_from_an_end_of_its_own(tmp_path: Path) -> None:
    with power_on(
        _argv(tmp_path), serial=tmp_path / "serial", log=tmp_path / "qemu.log"
    ) as running:
        assert (running.alive, running.ended_by) == (True, None)
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(60)
        assert (running.alive, running.ended_by) == (False, "SIGKILL")
        with pytest.raises(HostError, match="ended by SIGKILL") as caught:
            running.refuse_failure()
    assert caught.value.code == "qemu-ended"


def test_a_machine_that_goes_off_was_ended_by_nobody(tmp_path: Path) -> None:
    argv = _argv(tmp_path, "off")
    with power_on(argv, serial=tmp_path / "serial", log=tmp_path / "qemu.log") as running:
        running.process.wait(60)
        assert (running.alive, running.ended_by) == (False, None)
        running.refuse_failure()
    assert running.console.text == "SeaBIOS\n"


def test_one_that_fails_once_its_serial_port_is_open_says_why(tmp_path: Path) -> None:
    argv = _argv(tmp_path, "no card")
    with power_on(argv, serial=tmp_path / "serial", log=tmp_path / "qemu.log") as running:
        running.process.wait(60)
        with pytest.raises(HostError, match="no such device") as caught:
            running.refuse_failure()
    assert caught.value.code == "qemu-failed"


def test_a_program_that_does_not_start_says_why(tmp_path: Path) -> None:
    argv = ["sh", "-c", "echo no such machine >&2; exit 1"]
    with (
        pytest.raises(HostError, match="no such machine"),
        power_on(argv, serial=tmp_path / "serial", log=tmp_path / "qemu.log"),
    ):
        pass
