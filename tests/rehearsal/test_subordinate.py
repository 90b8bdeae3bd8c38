"""Programs beside a rehearsal end with it; real processes are started and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bootworthy.rehearsal.subordinate import subordinate

_STUBBORN = "trap '' TERM; echo ready; while :; do sleep 1; done"

_STARTS_ONE = """
import sys
from pathlib import Path
from bootworthy.rehearsal.subordinate import subordinate
with subordinate(["sleep", "600"], Path(sys.argv[1])) as process:
    print(process.pid, flush=True)
    process.wait()
"""


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_it_is_gone_after_the_block_and_its_output_is_kept(tmp_path: Path) -> None:
    with subordinate(
        ["sh", "-c", "echo out; echo err >&2; sleep 600"], tmp_path / "log"
    ) as process:
        while (tmp_path / "log").read_text() != "out\nerr\n":
            assert process.poll() is None
    assert process.returncode == -signal.SIGTERM


def test_one_that_does_not_listen_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bootworthy.rehearsal.subordinate._STOP", 0.2)
    with subordinate(["sh", "-c", _STUBBORN], tmp_path / "log") as process:
        while (tmp_path / "log").read_text() != "ready\n":
            assert process.poll() is None
    assert process.returncode == -signal.SIGKILL


def test_it_ends_when_what_started_it_is_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _STARTS_ONE, str(tmp_path / "log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()

    assert _gone(pid)
