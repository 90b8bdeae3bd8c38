"""The disks that conversions are measured with: filled with a real file tree, or mostly empty."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.measure import run

MIB = 1 << 20
GIB = 1 << 30

_FIRST_PARTITION = MIB
_EMPTY_PIECE = 256 * 1024
_EMPTY_PIECES = 800

# qemu-img's format and options for each image, and the format it is read as.
FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    "raw": ("raw", ()),
    "qcow2": ("qcow2", ()),
    "qcow2-zlib": ("qcow2", ("-c",)),
    "qcow2-zstd": ("qcow2", ("-c", "-o", "compression_type=zstd")),
    "vhd-dynamic": ("vpc", ("-o", "subformat=dynamic,force_size")),
    "vhdx": ("vhdx", ()),
    "vmdk": ("vmdk", ()),
    "vmdk-stream": ("vmdk", ("-o", "subformat=streamOptimized")),
    "vdi": ("vdi", ()),
}


def filled(path: Path, size: int, tree: Path, budget: int) -> None:
    """A disk with a GPT and an ext4 that holds up to ``budget`` bytes of ``tree``."""
    _partitioned(path, size)
    stage = path.with_name("stage")
    stage.mkdir()
    left = budget
    for folder in sorted(item for item in tree.glob("*/*") if not item.is_symlink()):
        used = int(run("du", "-sx", "--block-size=1", os.fspath(folder)).split()[0])
        if used <= left:
            left -= used
            target = stage / folder.relative_to(tree).parent
            target.mkdir(parents=True, exist_ok=True)
            run("cp", "-ax", os.fspath(folder), os.fspath(target))
    blocks = (size - 2 * MIB) // 4096
    options = ("-q", "-t", "ext4", "-b", "4096", "-d", os.fspath(stage))
    run("mke2fs", *options, "-E", f"offset={_FIRST_PARTITION}", os.fspath(path), str(blocks))
    run("rm", "-rf", os.fspath(stage))


def mostly_empty(path: Path, size: int) -> None:
    """A disk with a GPT and 200 MiB of noise, spread evenly."""
    _partitioned(path, size)
    with path.open("r+b") as file:
        for number in range(1, _EMPTY_PIECES + 1):
            file.seek(number * (size // (_EMPTY_PIECES + 2)) // 4096 * 4096)
            file.write(os.urandom(_EMPTY_PIECE))


def _partitioned(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)
    argv = ("sfdisk", "-q", "--no-reread", os.fspath(path))
    table = "label: gpt\nstart=2048\n"
    subprocess.run(argv, input=table, text=True, check=True, capture_output=True)


def images(disk: Path, folder: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """``disk`` in each of these formats."""
    made = {}
    for name in names:
        fmt, options = FORMATS[name]
        made[name] = folder / f"{disk.stem}.{name}"
        if name == "raw":
            run("cp", "--sparse=always", os.fspath(disk), os.fspath(made[name]))
        else:
            argv = ("qemu-img", "convert", "-f", "raw", "-O", fmt, *options)
            run(*argv, os.fspath(disk), os.fspath(made[name]))
    return made
