"""The serial console of a machine in a terminal."""

from __future__ import annotations

import os
import pty
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, environment
from tests.guests import small

# Plays the machine: it says who it is, and answers in capitals.
_ATTEND = """
import socket, subprocess, sys
from pathlib import Path
from bootworthy.cli.console import attend
from bootworthy.rehearsal.power import Running, _listening
machine = subprocess.Popen(["sleep", "600"])
port = socket.socket(fileno=int(sys.argv[1]))
running = Running(machine, port, Path("no.log"))
try:
    with _listening(running):
        attend(running, ["ssh", "-F", "a b", "guest"])
finally:
    machine.kill()
    machine.wait()
print("left", machine.returncode)
"""


def _read_until(terminal: int, word: bytes) -> bytes:
    heard, deadline = b"", time.monotonic() + 60
    while word not in heard and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            heard += os.read(terminal, 4096)
    return heard


def test_keys_go_to_the_machine_and_its_words_to_the_screen(tmp_path: Path) -> None:
    machine, theirs = socket.socketpair()
    terminal, inside = pty.openpty()
    errors = tmp_path / "errors"
    argv = [sys.executable, "-c", _ATTEND, str(theirs.fileno())]
    with machine, errors.open("wb") as stderr:
        process = subprocess.Popen(
            argv, stdin=inside, stdout=inside, stderr=stderr, pass_fds=(theirs.fileno(),)
        )
        try:
            theirs.close()
            os.close(inside)
            while b"Control-]" not in errors.read_bytes():
                assert process.poll() is None, errors.read_text()
                time.sleep(0.05)
            # Raw mode comes after the words, and the terminal takes keys before it too.
            machine.sendall(b"login: ")
            seen = _read_until(terminal, b"login: ")
            os.write(terminal, b"root\x03")
            machine.settimeout(60)
            typed = b""
            while not typed.endswith(b"\x03"):
                typed += machine.recv(16)
            os.write(terminal, b"\x1d")
            left = _read_until(terminal, b"left -9")
            assert process.wait(60) == 0, errors.read_text()
        finally:
            process.kill()
            process.wait()
            os.close(terminal)

    assert b"login: " in seen
    assert typed == b"root\x03"
    assert b"left -9" in left
    assert "ssh -F 'a b' guest" in errors.read_text()


@pytest.mark.boot
def test_a_real_machine_is_left_by_a_key(tmp_path: Path) -> None:
    image = small.one_linux(tmp_path / "disk.raw")
    errors = tmp_path / "errors"
    options = ("--interactive", "--generation", "1", "--memory", "256", str(image))
    terminal, inside = pty.openpty()
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [*COMMAND, "rehearse", *options],
            stdin=inside,
            stdout=inside,
            stderr=stderr,
            env=environment({"TMPDIR": str(tmp_path)}),
        )
        try:
            os.close(inside)
            seen = _read_until(terminal, b"Booting from Hard Disk")
            command = errors.read_text().partition("provisioned:")[2].split()
            settings = Path(command[2]).read_text()
            os.write(terminal, b"\x1d")
            status = process.wait(60)
        finally:
            process.kill()
            process.wait()
            os.close(terminal)

    assert b"SeaBIOS" in seen
    assert command[:2] == ["ssh", "-F"]
    assert "User azureuser" in settings
    assert "nobody reported ready" in errors.read_text()
    assert status == 0
    assert not list(tmp_path.glob("rehearsal-*"))


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_it_is_for_a_terminal(more: tuple[str, ...]) -> None:
    argv = [sys.executable, "-m", "bootworthy", "rehearse", "--interactive", *more, "x.vhd"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)

    assert done.returncode == 2
    assert ("--json" if more else "terminal") in done.stderr
