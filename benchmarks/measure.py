"""What benchmarks share: a workspace that counts what is written, timed commands, medians."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CACHE = CHECKOUT / ".cache"
BOOTWORTHY = str(CHECKOUT / ".venv" / "bin" / "bootworthy")

# /sys/block/*/stat, field 7: sectors of 512 bytes written (Documentation/block/stat.rst).
_SECTORS_WRITTEN = 6
_SECTOR = 512


@dataclass(frozen=True)
class Measured:
    """One run: wall and processor time in seconds, bytes that reached the disk."""

    wall: float
    cpu: float
    written: int


@dataclass(frozen=True)
class Workspace:
    """A file system of its own on a loop device, so that only our writes are counted."""

    path: Path
    device: str

    @property
    def written(self) -> int:
        """Bytes written to the device so far, after everything cached went there."""
        os.sync()
        stat = Path(f"/sys/block/{Path(self.device).name}/stat").read_text().split()
        return int(stat[_SECTORS_WRITTEN]) * _SECTOR


# How each file system is made: everything it would else do later is done at once.
_MKFS = {
    "ext4": ("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"),
    "xfs": ("mkfs.xfs", "-q", "-f", "-m", "reflink=1"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
}


@contextlib.contextmanager
def workspace(size: int, kind: str = "ext4", at: Path = CACHE) -> Iterator[Workspace]:
    """A file system of ``size`` bytes on a loop device over a file in ``at``; needs root."""
    with tempfile.TemporaryDirectory(prefix="bootworthy-bench-", dir=at) as folder:
        image, mount = Path(folder, "disk.img"), Path(folder, "mnt")
        mount.mkdir()
        with image.open("wb") as file:
            file.truncate(size)
        run(*_MKFS[kind], str(image))
        device = run("losetup", "--find", "--show", str(image)).strip()
        try:
            run("mount", device, str(mount))
            try:
                yield Workspace(mount, device)
            finally:
                run("umount", str(mount))
        finally:
            run("losetup", "--detach", device)


# Installers compile to byte code, and so does the first run of a checkout, unless this forbids it.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}


def run(*argv: str, env: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed; its output."""
    whole = ENVIRONMENT | dict(env or {})
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=whole)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_for_memory(*argv: str) -> int:
    """Run a command that must succeed; the most memory it had, in bytes.

    Not less than this program has itself: the kernel counts what a process is before ``execve``.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=said, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
            sys.exit(f"{' '.join(argv)}: exit {process.returncode}\n{text}")
    # getrusage(2): in kilobytes, which are 1024 bytes.
    return usage.ru_maxrss << 10


def timed(
    space: Workspace, commands: Sequence[Sequence[str]], env: Mapping[str, str] | None = None
) -> Measured:
    """Run commands one after another and measure them together."""
    before_bytes, before_cpu, began = space.written, children_cpu(), time.monotonic()
    for command in commands:
        run(*command, env=env)
    wall = time.monotonic() - began
    return Measured(wall, children_cpu() - before_cpu, space.written - before_bytes)


def children_cpu() -> float:
    """Processor time of all commands so far, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def median(runs: Sequence[Measured]) -> Measured:
    """The middle of each measure."""
    return Measured(
        statistics.median(item.wall for item in runs),
        statistics.median(item.cpu for item in runs),
        int(statistics.median(item.written for item in runs)),
    )


def print_table(rows: Mapping[str, Measured], base: str) -> None:
    """A Markdown table with ratios against ``base``."""
    reference = rows[base]
    print("| what | wall, s | of the peer | CPU, s | written, MiB | of the peer |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, item in rows.items():
        wall, bytes_ = item.wall / reference.wall, item.written / max(reference.written, 1)
        print(
            f"| {name} | {item.wall:.1f} | {wall:.2f} | {item.cpu:.1f} "
            f"| {item.written >> 20} | {bytes_:.2f} |"
        )
