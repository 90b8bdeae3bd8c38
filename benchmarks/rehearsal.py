"""``bootworthy rehearse`` beside a plain QEMU: ``python -m benchmarks.rehearsal``.

The same prepared image boots in turns: by QEMU alone to its login prompt, and in a rehearsal to the
report that it is ready, which is when Azure says that a machine is there. Both machines have two
processors of the same kind and 2 GiB. Then several rehearsals run at once, each with all of its
questions and without the second boot, and have to pass.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import BOOTWORTHY
from bootworthy.model.intent import Architecture
from bootworthy.rehearsal.accelerator import accelerator_for
from tests.boot.harness import Firmware, Machine, accelerator, boot
from tests.work.prepared import prepared

_MEMORY = 2048 << 20
_FIRMWARE = {"bios": Firmware.BIOS, "uefi": Firmware.UEFI}


@dataclass(frozen=True)
class Rehearsal:
    """One that ended: seconds from power-on to Ready and to the login, and of it all."""

    passed: bool
    ready: float
    login: float
    whole: float


def main() -> None:
    """Boot in turns, then side by side, and print two tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsal", description=__doc__)
    parser.add_argument("--guest", choices=list(_FIRMWARE), default="bios")
    parser.add_argument("--image", type=Path, help="a prepared fixed VHD instead of the guest's")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--at-once", type=int, nargs="*", default=[1, 2, 4], metavar="N")
    wanted = parser.parse_args()
    image = wanted.image or prepared(wanted.guest, "--remove-users").vhd
    print(f"{os.cpu_count()} processors, {accelerator()}, load {os.getloadavg()[0]:.1f}\n")
    _in_turns(image, _FIRMWARE[wanted.guest], wanted.runs)
    print()
    _side_by_side(image, wanted.at_once)


def _in_turns(image: Path, firmware: Firmware, runs: int) -> None:
    plain, rehearsals = [], []
    for _ in range(runs):
        plain.append(_plain_boot(image, firmware))
        rehearsals += _rehearse(image, 1)
    prompt = statistics.median(plain)
    rows = {
        "plain QEMU, to the login prompt": prompt,
        "`bootworthy rehearse`, to Ready": statistics.median(item.ready for item in rehearsals),
        "`bootworthy rehearse`, to the login": statistics.median(i.login for i in rehearsals),
        "`bootworthy rehearse`, to the verdict": statistics.median(i.whole for i in rehearsals),
    }
    print("| what | s | of plain QEMU |")
    print("| --- | --- | --- |")
    for name, seconds in rows.items():
        print(f"| {name} | {seconds:.1f} | {seconds / prompt:.2f} |")


def _side_by_side(image: Path, counts: Sequence[int]) -> None:
    print("| at once | passed | to Ready, s (median) | all done, s | an hour |")
    print("| --- | --- | --- | --- | --- |")
    for count in counts:
        began = time.monotonic()
        done = list(_rehearse(image, count))
        wall = time.monotonic() - began
        passed, ready = sum(r.passed for r in done), statistics.median(r.ready for r in done)
        print(f"| {count} | {passed} | {ready:.1f} | {wall:.1f} | {3600 * count / wall:.0f} |")


def _plain_boot(image: Path, firmware: Firmware) -> float:
    """Seconds from power-on to the prompt on the serial console, without a network."""
    machine = Machine(image=image, firmware=firmware, memory=_MEMORY, cpu=_processor())
    with boot(machine) as running:
        running.wait(r"\blogin: ", 900)
        return time.monotonic() - running.powered_on


def _processor() -> str:
    """The kind of processor that a rehearsal gives its machine."""
    return accelerator_for(Architecture.X64, emulate=accelerator() != "kvm").cpu


def _rehearse(image: Path, count: int) -> Iterator[Rehearsal]:
    command = [BOOTWORTHY, "rehearse", "--json", "--quiet", "--no-second-boot", os.fspath(image)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    for process in started:
        told = json.loads(process.communicate()[0])
        at = {item["name"]: item["at"] for item in told["milestones"]}
        yield Rehearsal(
            told["passed"], at["ready"] or math.inf, at["login"] or math.inf, told["seconds"]
        )


if __name__ == "__main__":
    main()
