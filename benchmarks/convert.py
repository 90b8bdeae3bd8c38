"""``bootworthy convert`` beside qemu-img, the article's two steps and cp.

``python -m benchmarks.convert`` as root, on a machine with nothing else to do. Each format of a
4 GiB disk filled with this machine's /usr, and a 100 GiB disk that is mostly empty, on ext4, XFS
with reflink and btrfs. Runs of an image are interleaved in random order; medians are shown, of wall
and processor time, and the least of each. The time that counts is until the output is on disk:
qemu-img and cp return before, so that ``sync`` follows each of them; what they take until they
return is shown beside it. At the end is the most memory that each had, with the 100 GiB disk in
every format.

``-o FILE`` writes the tables as Markdown; ``--quick`` measures little disks once, to try it out.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import disks
from benchmarks.disks import FORMATS, GIB, MIB
from benchmarks.measure import BOOTWORTHY, CACHE, children_cpu, run, run_for_memory, workspace

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
    """One run, in seconds: until the command returned, until all is on disk, processor time.

    ``memory`` is the most that a command had, in bytes.
    """

    returned: float
    durable: float
    cpu: float
    memory: int


@dataclass
class Case:
    """One image on one file system; ``runs`` by the name of the tool.

    ``is_timed`` is False for what is run once, for its memory.
    """

    file_system: str
    disk: str
    fmt: str
    image: Path
    is_timed: bool = True
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
    before: tuple[str, ...] = ()


FULL = Scale(
    filled=4 * GIB, budget=2600 * MIB, empty=100 * GIB, space=16 * GIB, tree=Path("/usr"), runs=7
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
    # An end by a signal unmounts what was mounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scale = _scale(given)
    formats = tuple(given.format or FORMATS)
    cases: list[Case] = []
    with tempfile.TemporaryDirectory(prefix="bootworthy-disks-", dir=CACHE) as folder:
        filled, empty = Path(folder, "filled.raw"), Path(folder, "empty.raw")
        disks.filled(filled, scale.filled, scale.tree, scale.budget)
        disks.mostly_empty(empty, scale.empty)
        for kind in given.fs or ("ext4", "xfs", "btrfs"):
            first = not cases
            with workspace(scale.space, kind, given.at) as space:
                for disk, names in ((filled, formats), (empty, _of(formats, "raw", "qcow2"))):
                    for fmt in names:
                        cases.append(_measure(kind, disk, fmt, space.path, scale))
                        print("\n".join(_rows(cases[-1])), file=sys.stderr, flush=True)
                for fmt in (name for name in formats if first and name not in names):
                    once = _measure(kind, empty, fmt, space.path, replace(scale, runs=1))
                    cases.append(replace(once, is_timed=False))
    text = "\n".join(_report(cases, scale))
    print(text)
    if given.output:
        given.output.write_text(text + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.convert", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little disks, one run")
    parser.add_argument("--runs", type=int, help="runs of each (7)")
    parser.add_argument("--data", type=int, metavar="MIB", help="files on the filled disk (2600)")
    parser.add_argument(
        "--realtime", action="store_true", help="give what is measured the processor before others"
    )
    parser.add_argument("--fs", action="append", choices=["ext4", "xfs", "btrfs"])
    parser.add_argument("--format", action="append", choices=list(FORMATS))
    parser.add_argument(
        "--at",
        type=Path,
        default=CACHE,
        metavar="DIR",
        help="where the file systems lie; /dev/shm keeps a busy disk out of it",
    )
    parser.add_argument("-o", "--output", type=Path, help="write the tables there as well")
    return parser.parse_args()


def _scale(given: argparse.Namespace) -> Scale:
    scale = QUICK if given.quick else FULL
    return replace(
        scale,
        runs=given.runs or scale.runs,
        before=("chrt", "--rr", "1") if given.realtime else (),
        budget=given.data * MIB if given.data else scale.budget,
    )


def _measure(kind: str, disk: Path, fmt: str, folder: Path, scale: Scale) -> Case:
    """One image by every tool, in random order; the image is gone afterwards."""
    case = Case(kind, disk.stem, fmt, disks.images(disk, folder, (fmt,))[fmt])
    ways = _ways(case, folder)
    plan = [name for name in ways for _ in range(scale.runs)]
    random.shuffle(plan)
    for name in plan:
        case.runs.setdefault(name, []).append(_timed(folder, case, ways[name], scale))
    case.image.unlink()
    return case


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
    }
    if case.fmt in ("raw", "qcow2"):
        second = ["qemu-img", "convert", "-f", "raw", *_FIXED, middle, out]
        ways[_ARTICLE] = [[*qemu, "-O", "raw", image, middle], second]
    if case.fmt == "raw":
        # No VHD: the floor of what a copy takes.
        ways["cp"] = [["cp", "--sparse=auto", "--reflink=auto", image, out]]
    return ways


def _timed(folder: Path, case: Case, commands: Sequence[Sequence[str]], scale: Scale) -> Run:
    """Run with the image in the page cache and nothing left to be written by others."""
    run("cp", "--sparse=always", os.fspath(case.image), "/dev/null")
    _settle(folder)
    cpu, began = children_cpu(), time.monotonic()
    memory = max(run_for_memory(*scale.before, *command) for command in commands)
    returned = time.monotonic() - began
    run(*scale.before, "sync", "-f", os.fspath(folder / OUT))
    durable = time.monotonic() - began
    measured = Run(returned, durable, children_cpu() - cpu, memory)
    for name in (OUT, "middle.raw"):
        (folder / name).unlink(missing_ok=True)
    return measured


def _settle(folder: Path) -> None:
    """Wait for what earlier runs left to the kernel: they deleted gigabytes.

    XFS frees their space later on, before it freezes at the latest. That must not stay in the file
    below either; but Linux does not wait for all that ``fstrim`` asks for, and what is written next
    waits behind it.
    """
    run("fsfreeze", "--freeze", os.fspath(folder))
    run("fsfreeze", "--unfreeze", os.fspath(folder))
    run("fstrim", os.fspath(folder))
    last = folder / "last"
    last.touch()
    run("sync", os.fspath(last))
    last.unlink()
    run("sync", "-f", os.fspath(folder))


def _report(cases: Sequence[Case], scale: Scale) -> Iterator[str]:
    timed = [case for case in cases if case.is_timed]
    runs = max((len(done) for case in timed for done in case.runs.values()), default=0)
    version = run("qemu-img", "--version").splitlines()[0]
    yield (
        f"Medians of {runs} interleaved runs; {os.cpu_count()} processors, "
        f"Linux {platform.release()}, Python {platform.python_version()}, {version}. "
        f"filled: {scale.filled // MIB} MiB with {scale.budget // MIB} MiB of files; "
        f"empty: {scale.empty // GIB} GiB with 200 MiB of data. Seconds."
    )
    for kind in dict.fromkeys(case.file_system for case in timed):
        yield f"\n## {kind}\n"
        yield (
            "| disk | format | tool | on disk | of qemu-img's best | least | of its least "
            "| returned | CPU | of its best |"
        )
        yield "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        for case in (case for case in timed if case.file_system == kind):
            yield from _rows(case)
    yield from _memory(cases)


def _rows(case: Case) -> Iterator[str]:
    middle, least = statistics.median, min
    best = min(_of_runs(case, name, "durable", middle) for name in _PEERS)
    best_least = min(_of_runs(case, name, "durable", least) for name in _PEERS)
    best_cpu = min(_of_runs(case, name, "cpu", middle) for name in _PEERS)
    for name in sorted(case.runs, key=_ORDER.index):
        durable, shortest = (_of_runs(case, name, "durable", of) for of in (middle, least))
        cpu = _of_runs(case, name, "cpu", middle)
        yield (
            f"| {case.disk} | {case.fmt} | {name} | {durable:.2f} | {durable / best:.2f} "
            f"| {shortest:.2f} | {shortest / best_least:.2f} "
            f"| {_of_runs(case, name, 'returned', middle):.2f} | {cpu:.2f} "
            f"| {cpu / max(best_cpu, 0.001):.2f} |"
        )


def _memory(cases: Sequence[Case]) -> Iterator[str]:
    """The most memory of each tool with each image, on whichever file system."""
    yield "\n## Memory, MiB\n"
    yield f"| disk | format | {_OURS} | {_QEMU} | {_QEMU_FAST} |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for disk, fmt in dict.fromkeys((case.disk, case.fmt) for case in cases):
        same = [case for case in cases if (case.disk, case.fmt) == (disk, fmt)]
        most = (
            max(one.memory for case in same for one in case.runs[name]) for name in (_OURS, *_PEERS)
        )
        yield f"| {disk} | {fmt} | {' | '.join(str(peak // MIB) for peak in most)} |"


def _of_runs(case: Case, name: str, what: str, of: Callable[[Sequence[float]], float]) -> float:
    return of([getattr(one, what) for one in case.runs[name]])


if __name__ == "__main__":
    main()
