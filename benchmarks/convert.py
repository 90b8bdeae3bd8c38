"""``bootworthy convert`` beside qemu-img, the article's two steps and cp.

``python -m benchmarks.convert`` as root, on a machine with nothing else to do. Each format of a
4 GiB disk filled with this machine's /usr, and a 100 GiB disk that is mostly empty, on ext4, XFS
with reflink and btrfs. Runs are interleaved in random order and medians are shown, of wall and
processor time. The time that counts is until the output is on disk: qemu-img and cp return before,
so that ``sync`` follows each of them; what they take until they return is shown beside it.

``-o FILE`` writes the tables as Markdown; ``--quick`` measures little disks once, to try it out.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import disks
from benchmarks.disks import FORMATS, GIB, MIB
from benchmarks.measure import BOOTWORTHY, children_cpu, run, workspace

OUT = "out.vhd"
_OURS = "bootworthy convert"
_QEMU = "qemu-img convert"
_QEMU_FAST = "qemu-img convert -m 16 -W"
_ARTICLE = "the article's two steps"
_PEERS = (_QEMU, _QEMU_FAST)
_ORDER = [_OURS, *_PEERS, _ARTICLE, "cp"]
_FIXED = ("-O", "vpc", "-o", "subformat=fixed,force_size=on")


@dataclass(frozen=True)
class Run:
    """One run, in seconds: until the command returned, until all is on disk, processor time."""

    returned: float
    durable: float
    cpu: float


@dataclass
class Case:
    """One image on one file system; ``runs`` by the name of the tool."""

    file_system: str
    disk: str
    fmt: str
    image: Path
    runs: dict[str, list[Run]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    filled: int
    budget: int
    empty: int
    space: int
    tree: Path
    runs: int


FULL = Scale(
    filled=4 * GIB, budget=2600 * MIB, empty=100 * GIB, space=40 * GIB, tree=Path("/usr"), runs=7
)
QUICK = Scale(
    filled=512 * MIB,
    budget=120 * MIB,
    empty=4 * GIB,
    space=6 * GIB,
    tree=Path("/usr/lib"),
    runs=1,
)


def main() -> None:
    """Measure and print the tables."""
    given = _arguments()
    if os.geteuid():
        sys.exit("mounting file systems needs root")
    scale = QUICK if given.quick else FULL
    formats = tuple(given.format or FORMATS)
    cases: list[Case] = []
    cache = Path(BOOTWORTHY).parents[2] / ".cache"
    with tempfile.TemporaryDirectory(prefix="bootworthy-disks-", dir=cache) as folder:
        filled, empty = Path(folder, "filled.raw"), Path(folder, "empty.raw")
        disks.filled(filled, scale.filled, scale.tree, scale.budget)
        disks.mostly_empty(empty, scale.empty)
        for kind in given.fs or ("ext4", "xfs", "btrfs"):
            cases += _measure(kind, (filled, empty), formats, scale, given.runs or scale.runs)
    text = "\n".join(_report(cases, scale))
    print(text)
    if given.output:
        given.output.write_text(text + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.convert", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little disks, one run")
    parser.add_argument("--runs", type=int, help="runs of each (7)")
    parser.add_argument("--fs", action="append", choices=["ext4", "xfs", "btrfs"])
    parser.add_argument("--format", action="append", choices=list(FORMATS))
    parser.add_argument("-o", "--output", type=Path, help="write the tables there as well")
    return parser.parse_args()


def _measure(
    kind: str, sources: tuple[Path, Path], formats: tuple[str, ...], scale: Scale, runs: int
) -> list[Case]:
    """All cases of one file system, in random order."""
    filled, empty = sources
    with workspace(scale.space, kind) as space:
        cases = [
            Case(kind, disk.stem, fmt, image)
            for disk, names in ((filled, formats), (empty, _of(formats, "raw", "qcow2")))
            for fmt, image in disks.images(disk, space.path, names).items()
        ]
        plan = [
            (case, name, commands)
            for case in cases
            for name, commands in _ways(case, space.path).items()
            for _ in range(runs)
        ]
        random.shuffle(plan)
        for number, (case, name, commands) in enumerate(plan, 1):
            print(f"{kind} {number}/{len(plan)} {case.disk} {case.fmt}: {name}", file=sys.stderr)
            case.runs.setdefault(name, []).append(_timed(space.path, case.image, commands))
    return cases


def _of(formats: tuple[str, ...], *wanted: str) -> tuple[str, ...]:
    return tuple(name for name in wanted if name in formats)


def _ways(case: Case, folder: Path) -> dict[str, list[list[str]]]:
    """The tools and their commands; each leaves ``OUT`` in ``folder``."""
    fmt, image = FORMATS[case.fmt][0], os.fspath(case.image)
    out, middle = os.fspath(folder / OUT), os.fspath(folder / "middle.raw")
    qemu = ["qemu-img", "convert", "-f", fmt]
    ways = {
        _OURS: [[BOOTWORTHY, "convert", image, "-o", out, "--quiet"]],
        _QEMU: [[*qemu, *_FIXED, image, out]],
        _QEMU_FAST: [[*qemu, "-m", "16", "-W", *_FIXED, image, out]],
        _ARTICLE: [
            [*qemu, "-O", "raw", image, middle],
            ["qemu-img", "convert", "-f", "raw", *_FIXED, middle, out],
        ],
    }
    if case.fmt == "raw":
        # No VHD: the floor of what a copy takes.
        ways["cp"] = [["cp", "--sparse=auto", "--reflink=auto", image, out]]
    return ways


def _timed(folder: Path, image: Path, commands: Sequence[Sequence[str]]) -> Run:
    """Run with the image in the page cache and nothing left to be written by others."""
    run("cp", "--sparse=always", os.fspath(image), "/dev/null")
    os.sync()
    cpu, began = children_cpu(), time.monotonic()
    for command in commands:
        run(*command)
    returned = time.monotonic() - began
    run("sync", "-f", os.fspath(folder / OUT))
    durable = time.monotonic() - began
    measured = Run(returned, durable, children_cpu() - cpu)
    for name in (OUT, "middle.raw"):
        (folder / name).unlink(missing_ok=True)
    return measured


def _report(cases: Sequence[Case], scale: Scale) -> Iterator[str]:
    runs = max((len(done) for case in cases for done in case.runs.values()), default=0)
    version = run("qemu-img", "--version").splitlines()[0]
    yield (
        f"Medians of {runs} interleaved runs; {os.cpu_count()} processors, "
        f"Linux {platform.release()}, Python {platform.python_version()}, {version}. "
        f"filled: {scale.filled // MIB} MiB with {scale.budget // MIB} MiB of files; "
        f"empty: {scale.empty // GIB} GiB with 200 MiB of data. Seconds."
    )
    for kind in dict.fromkeys(case.file_system for case in cases):
        yield f"\n## {kind}\n"
        yield "| disk | format | tool | on disk | of qemu-img's best | returned | CPU |"
        yield "| --- | --- | --- | ---: | ---: | ---: | ---: |"
        for case in (case for case in cases if case.file_system == kind):
            yield from _rows(case)


def _rows(case: Case) -> Iterator[str]:
    best = min(_median(case, name, "durable") for name in _PEERS)
    for name in sorted(case.runs, key=_ORDER.index):
        durable = _median(case, name, "durable")
        yield (
            f"| {case.disk} | {case.fmt} | {name} | {durable:.2f} | {durable / best:.2f} "
            f"| {_median(case, name, 'returned'):.2f} | {_median(case, name, 'cpu'):.2f} |"
        )


def _median(case: Case, name: str, what: str) -> float:
    return statistics.median(getattr(one, what) for one in case.runs[name])


if __name__ == "__main__":
    main()
