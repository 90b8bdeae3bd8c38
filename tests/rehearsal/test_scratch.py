"""Nothing is left of a rehearsal, not even of a killed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bootworthy.rehearsal.scratch import scratch

_HOLD = """
import time
from bootworthy.rehearsal.scratch import scratch
with scratch() as directory:
    (directory / "os.qcow2").write_text("x")
    print(directory, flush=True)
    time.sleep(600)
"""


def test_it_is_there_for_the_length_of_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch() as directory:
        (directory / "file").touch()
        assert directory.parent == tmp_path

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_leaves_no_directory(how: signal.Signals, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _HOLD]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        directory = Path(process.stdout.readline().strip())
        assert (directory / "os.qcow2").exists()
        process.send_signal(how)
        process.wait()

    deadline = time.monotonic() + 60
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(tmp_path.iterdir())
