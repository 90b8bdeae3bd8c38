"""The program that swaps on the temporary disk, run by a real shell beside recorded commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bootworthy.rules.agent.settings import SWAP_MIB
from bootworthy.rules.swap.resource_files import DEVICE, MOUNT, PROGRAM, SERVICE, UNIT
from tests.guest.memory import File, Link
from tests.rules.making import Entry
from tests.rules.systemd import WANTS, problems

_STUB = """\
#!/bin/sh
echo "{name} $*" >> "{log}"
cat "{answers}/{name}" 2> /dev/null
exit "$(cat "{answers}/{name}.code" 2> /dev/null || echo 0)"
"""


@dataclass(frozen=True)
class Machine:
    """A directory that is the temporary disk, and commands that only write down their arguments."""

    root: Path

    @property
    def disk(self) -> Path:
        return self.root / "resource"

    @property
    def device(self) -> Path:
        return self.root / "sdb1"

    def answer(self, name: str, text: str = "", *, code: int = 0) -> None:
        (self.root / "answers" / name).write_text(text)
        (self.root / "answers" / f"{name}.code").write_text(str(code))

    def run(self) -> subprocess.CompletedProcess[str]:
        program = self.root / "program"
        text = PROGRAM.text.replace("/mnt/resource", str(self.disk))
        text = text.replace(DEVICE, str(self.root / "link"))
        program.write_text(text.replace("/proc/swaps", str(self.root / "swaps")))
        return subprocess.run(
            ["/bin/sh", program],
            env={"PATH": f"{self.root / 'commands'}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return (self.root / "log").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with 300 MiB free on a disk that is not mounted yet."""
    made = Machine(tmp_path)
    made.device.write_text("")
    (tmp_path / "link").symlink_to("sdb1")
    (tmp_path / "swaps").write_text("Filename\t\t\t\tType\t\tSize\n")
    for name in ("answers", "commands"):
        (tmp_path / name).mkdir()
    for name in ("findmnt", "mount", "df", "mkswap", "swapon"):
        stub = tmp_path / "commands" / name
        text = _STUB.format(name=name, log=tmp_path / "log", answers=tmp_path / "answers")
        stub.write_text(text)
        stub.chmod(0o755)
    made.answer("findmnt", code=1)
    made.answer("df", "Avail\n  300\n")
    made.answer("swapon")
    return made


def test_the_first_boot(machine: Machine) -> None:
    done = machine.run()

    assert (done.returncode, done.stderr) == (0, "")
    swap = machine.disk / "swapfile"
    assert machine.calls == [
        f"findmnt --noheadings --first-only --output TARGET --source {machine.device}",
        f"mount {machine.device} {machine.disk}",
        f"df --output=avail --block-size=1M {machine.disk}",
        f"mkswap {swap}",
        f"swapon {swap}",
    ]
    assert swap.stat().st_size == 150 << 20
    assert swap.stat().st_mode & 0o777 == 0o600
    warning = (machine.disk / "DATALOSS_WARNING_README.txt").read_text()
    assert warning.startswith("What is on this disk is lost")


def test_a_restart_finds_the_file(machine: Machine) -> None:
    machine.disk.mkdir()
    (machine.disk / "swapfile").write_text("old")

    assert machine.run().returncode == 0

    assert machine.calls[-1] == f"swapon {machine.disk}/swapfile"
    assert (machine.disk / "swapfile").read_text() == "old"


def test_a_file_that_is_no_swap_is_made_anew(machine: Machine) -> None:
    machine.disk.mkdir()
    (machine.disk / "swapfile").write_text("torn")
    machine.answer("swapon", code=255)

    assert machine.run().returncode == 255

    assert [call.split()[0] for call in machine.calls[-4:]] == ["swapon", "df", "mkswap", "swapon"]
    assert (machine.disk / "swapfile").stat().st_size == 150 << 20


def test_custom_data_mounted_the_disk_elsewhere(machine: Machine) -> None:
    elsewhere = machine.root / "scratch"
    elsewhere.mkdir()
    machine.answer("findmnt", f"{elsewhere}\n")

    assert machine.run().returncode == 0

    assert not any(call.startswith("mount ") for call in machine.calls)
    assert (elsewhere / "swapfile").is_file()
    assert not machine.disk.exists()


def test_it_swaps_already(machine: Machine) -> None:
    line = f"{machine.disk}/swapfile                  file\t\t2097148\t0\t-2\n"
    (machine.root / "swaps").write_text(f"Filename\t\t\t\tType\n{line}")

    assert machine.run().returncode == 0
    assert [call.split()[0] for call in machine.calls] == ["findmnt", "mount"]


def test_too_little_room(machine: Machine) -> None:
    machine.answer("df", "Avail\n  120\n")

    done = machine.run()

    assert done.returncode == 0
    assert done.stdout == f"too little room on {machine.disk} for swap: 120 MiB free\n"
    assert not (machine.disk / "swapfile").exists()


def test_a_disk_that_cannot_be_mounted(machine: Machine) -> None:
    machine.answer("mount", code=32)

    assert machine.run().returncode == 32
    assert machine.calls[-1].startswith("mount ")


def test_no_more_than_the_articles_size() -> None:
    assert SWAP_MIB == 2048
    assert "size=2048\n" in PROGRAM.text


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck to ask")
def test_shellcheck_has_nothing_to_say() -> None:
    done = subprocess.run(
        ["shellcheck", "-"], input=PROGRAM.text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_cloud_init_mounts_nothing() -> None:
    # cc_mounts.py: an entry without a mount point takes the default one for /mnt away.
    assert yaml.safe_load(MOUNT.text) == {"mounts": [["ephemeral0"]]}


def test_the_unit_fits_into_a_boot(tmp_path: Path) -> None:
    files: dict[str, Entry] = {
        PROGRAM.path: File(PROGRAM.text, mode=PROGRAM.mode),
        SERVICE.path: SERVICE.text,
        f"{WANTS}/{UNIT}": Link(SERVICE.path),
    }
    assert problems(tmp_path / "good", files) == ""

    del files[PROGRAM.path]
    assert f"{PROGRAM.path} is not executable" in problems(tmp_path / "bad", files)
