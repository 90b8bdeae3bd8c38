"""Lay a guest tree out as a disk image without mounting anything."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SECTOR = 512
MIB = 1024 * 1024


def make_empty(image: Path, size: int) -> None:
    """A sparse image of ``size`` bytes."""
    with image.open("xb") as file:
        file.truncate(size)


def partition(image: Path, script: str) -> None:
    """Write a partition table; the script is sfdisk's."""
    _run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", str(image), typed=script)


def write_at(image: Path, offset: int, data: bytes) -> None:
    """Put bytes at an offset in bytes."""
    with image.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def make_ext4(
    image: Path, *, offset: int, size: int, tree: Path, uuid: str, label: str = ""
) -> None:
    """An ext4 file system at an offset, filled with a tree, owners and attributes included.

    Features that Debian 12's GRUB cannot read (metadata_csum_seed) or that its mke2fs leaves off
    are left off here too, whatever the host's mke2fs.conf says.
    """
    _run(
        "mke2fs",
        "-q",
        "-F",
        "-t",
        "ext4",
        "-b",
        "4096",
        "-O",
        "^metadata_csum_seed,^orphan_file",
        "-E",
        f"offset={offset},root_owner=0:0",
        "-U",
        uuid,
        "-L",
        label,
        "-d",
        str(tree),
        str(image),
        f"{size // 1024}k",
    )


def make_xfs(image: Path, *, offset: int, size: int, uuid: str, features: str = "") -> None:
    """An empty XFS at an offset; ``features`` are options of mkfs.xfs in words."""
    with _alone(image, offset, size) as alone:
        _run("mkfs.xfs", "-q", *features.split(), "-m", f"uuid={uuid}", str(alone))


def make_btrfs(image: Path, *, offset: int, size: int, uuid: str) -> None:
    """An empty Btrfs at an offset."""
    with _alone(image, offset, size) as alone:
        _run("mkfs.btrfs", "-q", "-U", uuid, str(alone))


def make_volume_group(
    image: Path, *, offset: int, size: int, group: str, volumes: Mapping[str, int]
) -> None:
    """A physical volume with one group, its volumes one behind the other, sizes in bytes.

    The first starts at ``FIRST_EXTENT``.
    """
    wanted = [f"{name}:{volume_size}b" for name, volume_size in volumes.items()]
    with _alone(image, offset, size) as alone:
        _run("sh", "-c", _VOLUME_GROUP, "lvm", str(alone), group, *wanted)


FIRST_EXTENT = MIB
"""Where a physical volume's first extent starts (lvm.conf(5), default_data_alignment)."""

# LVM takes no files, but with no driver it needs no device-mapper. $1 is the physical volume, $2
# the group, then NAME:SIZE.
_VOLUME_GROUP = """
set -eu
loop=$(losetup --show --find "$1")
group=$2
shift 2
trap 'losetup --detach "$loop"' EXIT
filter="devices { filter=[\\"a|^$loop\\$|\\",\\"r|.*|\\"] use_devicesfile=0 }"
run() { command=$1; shift; lvm "$command" --driverloaded n --config "$filter" --yes "$@"; }
run pvcreate "$loop"
run vgcreate --autobackup n "$group" "$loop"
for volume; do
  run lvcreate --autobackup n --activate n --zero n --wipesignatures n \\
    --size "${volume#*:}" --name "${volume%:*}" "$group"
done
"""


@contextmanager
def _alone(image: Path, offset: int, size: int) -> Iterator[Path]:
    """A file of its own to make something in that then goes to its place in the image."""
    alone = image.with_name(f"{image.name}.{offset}")
    make_empty(alone, size)
    yield alone
    place = (f"seek={offset // MIB}", "status=none")
    _run("dd", f"if={alone}", f"of={image}", "bs=1M", "conv=sparse,notrunc", *place)
    alone.unlink()


def allocate_in_ext4(image: Path, *, offset: int, name: str, size: int) -> None:
    """Give a sparse file its blocks: the kernel refuses to swap to a file with holes."""
    blocks = size // 4096
    request = f"fallocate {name} 0 {blocks - 1}"
    _run("debugfs", "-w", "-R", request, f"{image}?offset={offset}")


def swap_header(scratch: Path, size: int, uuid: str) -> bytes:
    """The first page of a swap area of ``size`` bytes, which is all that mkswap writes."""
    area = scratch / "swap"
    make_empty(area, size)
    area.chmod(0o600)
    _run("mkswap", "--uuid", uuid, str(area))
    with area.open("rb") as file:
        header = file.read(4096)
    area.unlink()
    return header


def make_fat(
    image: Path, *, offset: int, size: int, volume_id: str, files: Mapping[str, bytes]
) -> None:
    """A FAT32 file system with these files; ``volume_id`` is written like ``A1B2-C3D4``."""
    # One sector a cluster: FAT32 needs 65525 clusters, which 100 MiB has only so.
    _run(
        "mkfs.fat",
        "-F",
        "32",
        "-s",
        "1",
        "-i",
        volume_id.replace("-", ""),
        "-h",
        str(offset // SECTOR),
        f"--offset={offset // SECTOR}",
        str(image),
        str(size // 1024),
    )
    for name, content in files.items():
        put_in_fat(image, offset=offset, name=name, content=content)


def put_in_fat(image: Path, *, offset: int, name: str, content: bytes) -> None:
    """Write one file, its directories first; names use slashes."""
    drive = f"{image}@@{offset}"
    parents = [str(parent) for parent in reversed(Path(name).parents)][1:]
    for parent in parents:
        # Status 1 says that the directory is there already.
        _run("mmd", "-D", "s", "-i", drive, f"::/{parent}", accepted=(0, 1))
    _run("mcopy", "-D", "o", "-i", drive, "-", f"::/{name}", typed=content)


def _run(*argv: str, typed: str | bytes = b"", accepted: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(
        argv,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        input=typed.encode() if isinstance(typed, str) else typed,
        timeout=300,
    )
    if done.returncode not in accepted:
        said = done.stdout.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{argv} gave {done.returncode}:\n{said}")
