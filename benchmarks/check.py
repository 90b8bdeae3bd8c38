"""``bootworthy check``, its time and its memory: ``python -m benchmarks.check``.

Beside ``virt-inspector`` on the same image, which only inspects (which Linux, which packages);
check does that and runs every rule, reading each initramfs. Then on the same guest with ten kernels
more, each with modules and an initramfs of its own: those must not multiply time and memory.
Everything reads the same raw files from a warm cache, in turns.

``--alone`` leaves virt-inspector out; it takes a minute for each run where there is no KVM.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import (
    BOOTWORTHY,
    CACHE,
    ENVIRONMENT,
    Measured,
    Workspace,
    median,
    print_table,
    run,
    timed,
    workspace,
)
from bootworthy.guest import kvm
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build

_RUNS = 5
_SPACE = 12 << 30
_KERNELS = 10
_CHECK = (BOOTWORTHY, "check", "--fail-on", "never", "--quiet")


@dataclass(frozen=True)
class Peak:
    """One run: seconds of wall and processor time, and bytes of memory at most."""

    wall: float
    cpu: float
    memory: int


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check", description=__doc__)
    parser.add_argument("--alone", action="store_true", help="without virt-inspector")
    parser.add_argument("--runs", type=int, default=_RUNS)
    given = parser.parse_args()
    source = build(RECIPES["bios"])
    with workspace(_SPACE) as space:
        one, many = space.path / "guest.raw", space.path / "kernels.raw"
        shutil.copyfile(source, one)
        shutil.copyfile(source, many)
        _add_kernels(many, RECIPES["bios"].root_offset)
        if not given.alone:
            _beside_virt_inspector(space, one, given.runs)
        _many_kernels({"one kernel": one, f"{_KERNELS} more": many}, given.runs)


def _beside_virt_inspector(space: Workspace, image: Path, count: int) -> None:
    env = {} if kvm.works() else {"LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}
    env |= {"LIBGUESTFS_BACKEND": "direct", "NO_COLOR": "1"}
    env["TMPDIR"] = os.fspath(space.path)
    commands = {
        "virt-inspector": [["virt-inspector", "--format=raw", "-a", str(image)]],
        "bootworthy check": [[*_CHECK, str(image)]],
    }
    runs: dict[str, list[Measured]] = {name: [] for name in commands}
    for _ in range(count):
        for name, argv in commands.items():
            runs[name].append(timed(space, argv, env))
    print_table({name: median(items) for name, items in runs.items()}, "virt-inspector")


def _add_kernels(image: Path, offset: int) -> None:
    """Copies of the guest's kernel under other versions, as if each had been installed."""
    with _mounted(image, offset) as root:
        boot, libraries = root / "boot", root / "usr/lib/modules"
        version = next(path.name for path in libraries.iterdir())
        for number in range(1, _KERNELS + 1):
            other = f"{version.split('-')[0]}-{900 + number}-{version.rsplit('-', 1)[-1]}"
            # Links to the same files: what is read is the same, and they fit on the disk.
            run("cp", "-al", os.fspath(libraries / version), os.fspath(libraries / other))
            _add_entry(boot / "grub/grub.cfg", version, other)
            for path in sorted(boot.glob(f"*-{version}")):
                _link_or_unpack(path, path.with_name(path.name.replace(version, other)), version)


def _add_entry(menu: Path, version: str, other: str) -> None:
    """The first entry of a boot menu once more, for another kernel."""
    text = menu.read_text()
    entry = re.search(r"^menuentry .*?^}\n", text, re.DOTALL | re.MULTILINE)
    assert entry, "the boot menu has no entry"
    menu.write_text(text + entry[0].replace(version, other))


def _link_or_unpack(path: Path, target: Path, version: str) -> None:
    """An initramfs is written anew, so that no two of them are one file."""
    if not path.name.startswith("initrd"):
        target.hardlink_to(path)
        return
    other = target.name.removeprefix("initrd.img-")
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        run("unmkinitramfs", os.fspath(path), folder)
        tree = next((Path(folder, name) for name in ("main",) if Path(folder, name).is_dir()), None)
        top = tree or Path(folder)
        modules = top / "usr/lib/modules"
        (modules / version).rename(modules / other)
        packed = subprocess.run(
            ["sh", "-c", "find . | cpio --quiet -o -H newc | zstd -q -T0"],
            cwd=top,
            capture_output=True,
            check=True,
        )
        target.write_bytes(packed.stdout)


@contextlib.contextmanager
def _mounted(image: Path, offset: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bootworthy-bench-") as folder:
        run("mount", "-o", f"loop,offset={offset}", os.fspath(image), folder)
        try:
            yield Path(folder)
        finally:
            run("umount", folder)


def _many_kernels(images: dict[str, Path], count: int) -> None:
    runs: dict[str, list[Peak]] = {name: [] for name in images}
    for _ in range(count):
        for name, image in images.items():
            runs[name].append(_peak(image))
    base = statistics.median(item.wall for item in next(iter(runs.values())))
    print("| guest | wall, s | of one | CPU, s | memory, MiB |\n| --- | --- | --- | --- | --- |")
    for name, items in runs.items():
        wall = statistics.median(item.wall for item in items)
        cpu = statistics.median(item.cpu for item in items)
        memory = max(item.memory for item in items) >> 20
        print(f"| {name} | {wall:.2f} | {wall / base:.2f} | {cpu:.2f} | {memory} |")


def _peak(image: Path) -> Peak:
    """One run by time(1), which knows the memory of one program."""
    argv = ["/usr/bin/time", "-f", "%e %U %S %M", *_CHECK, os.fspath(image)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    wall, user, system, kibibytes = done.stderr.splitlines()[-1].split()
    return Peak(float(wall), float(user) + float(system), int(kibibytes) << 10)


if __name__ == "__main__":
    main()
