"""``bootworthy prepare`` beside the tools people chain today: ``python -m benchmarks.prepare``.

The peer does the article by virt-customize, virt-sysprep and qemu-img: convert to raw, resize to a
whole MiB, install the packages, edit the files, rebuild the initramfs and the boot menu inside the
appliance, generalize, convert to a fixed VHD. All start from the same qcow2 on the same file system
and take the packages from the same directory. Bytes are those written to that file system's device.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.measure import BOOTWORTHY, Measured, print_table, run, timed, workspace
from bootworthy.disk.sizes import round_up_to_mib
from bootworthy.guest import kvm
from bootworthy.guest.families.deb_repository import write_index
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build
from tests.work.packages import packages_for

_SPACE = 24 << 30
_PEER = Path(__file__).with_name("peer")
_REPOSITORY = "/var/tmp/bench-packages"  # noqa: S108 - in the guest


def main() -> None:
    """Measure each way once, or ``--only`` some, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare", description=__doc__)
    parser.add_argument("--only", action="append", choices=["peer", "appliance", "host"])
    chosen = parser.parse_args().only or ["peer", "appliance", "host"]
    source = build(RECIPES["bios"])
    rows: dict[str, Measured] = {}
    with workspace(_SPACE) as space, tempfile.TemporaryDirectory() as folder:
        packages = packages_for(RECIPES["bios"], Path(folder))
        image = space.path / "guest.qcow2"
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(source), str(image))
        env = _environment(space.path)
        ways = {
            "peer": ("virt-customize, virt-sysprep, qemu-img", _peer(image, packages, space.path)),
            "appliance": ("bootworthy prepare, appliance", _ours(image, packages, "appliance")),
            "host": ("bootworthy prepare, host", _ours(image, packages, "host")),
        }
        for key in chosen:
            name, commands = ways[key]
            rows[name] = timed(space, commands, env)
            _clear(space.path, image)
    print_table(rows, next(iter(rows)))


def _environment(space: Path) -> dict[str, str]:
    env = {"LIBGUESTFS_BACKEND": "direct", "TMPDIR": os.fspath(space), "NO_COLOR": "1"}
    return env if kvm.works() else env | {"LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}


def _ours(image: Path, packages: Path, engine: str) -> list[list[str]]:
    output = os.fspath(image.with_name(f"{engine}.vhd"))
    command = [BOOTWORTHY, "prepare", os.fspath(image), "-o", output, "--engine", engine, "--quiet"]
    return [[*command, "--trust-image", "--remove-users", "--packages", os.fspath(packages)]]


def _peer(image: Path, packages: Path, space: Path) -> list[list[str]]:
    """The article's commands, as a script that knows this guest would run them."""
    raw, vhd = os.fspath(space / "work.raw"), os.fspath(space / "peer.vhd")
    repository = space / "bench-packages"
    repository.mkdir(exist_ok=True)
    write_index(packages, repository, guest_path=_REPOSITORY)
    for deb in packages.rglob("*.deb"):
        shutil.copy2(deb, repository / "pool" / deb.name)
    size = round_up_to_mib(RECIPES["bios"].size)
    customize = ["virt-customize", "--format", "raw", "-a", raw, "--smp", "2", "--no-network"]
    customize += ["--copy-in", f"{repository}:/var/tmp", "--run", str(_PEER / "customize.sh")]
    sysprep = ["virt-sysprep", "--format", "raw", "-a", raw]
    sysprep += ["--operations", "defaults,user-account,-customize"]
    return [
        ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", os.fspath(image), raw],
        ["qemu-img", "resize", "-q", "-f", "raw", raw, str(size)],
        customize,
        sysprep,
        [
            "qemu-img",
            "convert",
            "-f",
            "raw",
            "-O",
            "vpc",
            "-o",
            "subformat=fixed,force_size=on",
            raw,
            vhd,
        ],
    ]


def _clear(space: Path, keep: Path) -> None:
    for path in space.iterdir():
        if path != keep and path.is_file():
            path.unlink()


if __name__ == "__main__":
    main()
