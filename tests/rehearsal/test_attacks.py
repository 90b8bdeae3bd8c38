"""A rehearsal that is killed, or has no room: one clear error at most, and nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, bootworthy, environment
from tests.guests import small

pytestmark = pytest.mark.boot

_LIMIT = 60.0

_ON_A_TMPFS = 'mount -t tmpfs -o size="$1" none "$2"; shift; '

# Fills the disk when the machine runs: when its serial port is there.
_FILLED_LATER = """
directory=$1; shift
(until ls "$directory"/rehearsal-*/serial; do sleep 0.2; done
head -c 2G /dev/zero >"$directory/fill") >/dev/null 2>&1 &
exec "$@"
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A disk that the firmware cannot boot: it says so and waits, for as long as one likes."""
    return small.one_linux(tmp_path / "disk.raw")


def test_a_killed_rehearsal_leaves_no_process_and_no_file(image: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    argv = [*COMMAND, "rehearse", "--generation", "1", "--memory", "256", str(image)]
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment({"TMPDIR": str(scratch)}),
    ) as process:
        started = _until(lambda: any("qemu-system" in words for words in _processes(scratch)))
        process.send_signal(signal.SIGKILL)
        process.wait()

    assert started
    assert _until(lambda: not list(_processes(scratch)))
    assert _until(lambda: not list(scratch.iterdir()))


@pytest.mark.parametrize(("size", "script"), [("48m", 'shift; exec "$@"'), ("900m", _FILLED_LATER)])
def test_a_full_disk_is_not_the_images_fault(
    size: str, script: str, image: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = bootworthy(
        *("rehearse", "--generation", "1", "--memory", "256", image),
        env={"TMPDIR": str(scratch)},
        prefix=("unshare", "-Urm", "sh", "-c", _ON_A_TMPFS + script, "sh", size, str(scratch)),
    )

    assert (done.status, done.code) == (4, "rehearsal-space")
    assert "TMPDIR" in done.hint
    assert not done.out


def _processes(scratch: Path) -> Iterator[str]:
    """The command lines of all processes that were told of the directory."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{scratch}{os.sep}" in words:
            yield words


def _until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _LIMIT
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
