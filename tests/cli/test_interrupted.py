"""Whatever ends a run: the source is as it was, nothing has the output's name, a rerun works."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, bootworthy, environment
from tests.guests import small

pytestmark = pytest.mark.guest

# Run inside: the file system with the output is full as soon as the copy is done.
_FILL = """\
import os, sys
from bootworthy.cli.main import run
from bootworthy.model.events import StepFinished
from bootworthy.work.opening import Reading
from bootworthy.work.prepare import prepare

image, output = sys.argv[1:]

def fill(event):
    if isinstance(event, StepFinished) and event.title == "Copy the disk":
        with open(os.path.join(os.path.dirname(output), "filler"), "wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass

sys.exit(run(lambda: prepare(image, output, reading=Reading(trust_image=True, observer=fill))))
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return small.one_linux(tmp_path / "image.raw", {"var/big": os.urandom(2 << 20)})


def _loops_below(folder: Path) -> list[str]:
    """The loop devices on files of ``folder`` that are still there after five seconds."""
    for _ in range(50):
        listed = subprocess.run(
            ["losetup", "--json", "--list"], check=True, capture_output=True, text=True
        )
        devices = json.loads(listed.stdout or '{"loopdevices": []}')["loopdevices"]
        found = [str(one["back-file"]) for one in devices if str(folder) in str(one["back-file"])]
        if not found:
            return []
        time.sleep(0.1)
    return found


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _ends(image: Path, output: Path, number: int, after: float) -> int:
    with subprocess.Popen(
        [*COMMAND, "prepare", str(image), "-o", str(output), "--trust-image"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    ) as process:
        time.sleep(after)
        process.send_signal(number)
        return process.wait(60)


@pytest.mark.parametrize("after", [0.05, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment(image: Path, after: float, number: signal.Signals) -> None:
    before, output = _digest(image), image.with_name("out.vhd")

    status = _ends(image, output, number, after)

    assert _digest(image) == before
    assert _loops_below(image.parent) == []
    if output.exists():  # it was done before
        assert status in (1, 130, -number)
    else:
        left = {path.name for path in image.parent.iterdir()} - {"image.raw"}
        assert left <= ({"out.vhd.partial"} if number is not signal.SIGINT else set())
        assert status in (130, -number)
    again = bootworthy("prepare", image, "-o", output, "--trust-image", "--force")
    assert again.status == 1, again.err
    assert {path.name for path in image.parent.iterdir()} == {"image.raw", "out.vhd"}
    assert _loops_below(image.parent) == []


def _mounted(folder: Path, size: str) -> tuple[str, ...]:
    """Run behind this, ``folder`` is a file system of its own of that size."""
    script = (
        f"mount -t tmpfs -o size={size} none '{folder}' && \"$@\"; s=$?; ls -A '{folder}'; exit $s"
    )
    return ("unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh")


def test_too_little_space_is_seen_before_anything_is_written(image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()

    done = bootworthy(
        *("prepare", image, "-o", folder / "out.vhd", "--trust-image"),
        prefix=_mounted(folder, "100m"),
    )

    assert (done.status, done.code) == (4, "host-no-space"), done.err
    assert "MiB free" in done.err
    assert done.out == ""


def test_a_disk_that_fills_up_in_the_middle(image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    before = _digest(image)

    done = subprocess.run(
        [
            *_mounted(folder, "700m"),
            *(COMMAND[0], "-c", _FILL, str(image), str(folder / "out.vhd")),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=120,
    )

    assert done.returncode == 4, done.stderr
    assert "error[host-no-space]" in done.stderr
    assert done.stdout == "filler\n"
    assert _digest(image) == before


def test_two_runs_for_one_output(image: Path) -> None:
    output = image.with_name("out.vhd")
    arguments = ["prepare", str(image), "-o", str(output), "--trust-image"]
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    ) as first:
        while not output.with_name("out.vhd.partial").exists() and first.poll() is None:
            time.sleep(0.005)
        second = bootworthy(*arguments)
        first.wait(60)

    assert first.returncode == 1
    assert (second.status, second.code) in ((4, "output-busy"), (2, "output-exists"))
    assert output.exists()


def test_an_output_folder_that_may_not_be_written(image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    script = f"mount -t tmpfs -o ro none '{folder}' && exec \"$@\""

    done = bootworthy(
        *("prepare", image, "-o", folder / "out.vhd", "--trust-image"),
        prefix=("unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh"),
    )

    assert (done.status, done.code) == (4, "output-not-writable"), done.err
    assert done.hint
