"""``bootworthy check`` beside ``virt-inspector`` on the same image: ``python -m benchmarks.check``.

virt-inspector only inspects (which Linux, which packages); check does that and runs every rule,
reading each initramfs. Both read the same raw file from a warm cache, in turns.
"""

from __future__ import annotations

import os
import shutil

from benchmarks.measure import BOOTWORTHY, Measured, median, print_table, timed, workspace
from bootworthy.guest import kvm
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build

_RUNS = 5
_SPACE = 6 << 30


def main() -> None:
    """Measure and print a table."""
    source = build(RECIPES["bios"])
    env = {} if kvm.works() else {"LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}
    env |= {"LIBGUESTFS_BACKEND": "direct", "NO_COLOR": "1"}
    with workspace(_SPACE) as space:
        image = space.path / "guest.raw"
        shutil.copyfile(source, image)
        env["TMPDIR"] = os.fspath(space.path)
        commands = {
            "virt-inspector": [["virt-inspector", "--format=raw", "-a", str(image)]],
            "bootworthy check": [[BOOTWORTHY, "check", "--fail-on", "never", str(image)]],
        }
        runs: dict[str, list[Measured]] = {name: [] for name in commands}
        for _ in range(_RUNS):
            for name, argv in commands.items():
                runs[name].append(timed(space, argv, env))
    print_table({name: median(items) for name, items in runs.items()}, "virt-inspector")


if __name__ == "__main__":
    main()
