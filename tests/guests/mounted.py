"""Fill file systems that no tool fills from a directory: mounted in a namespace of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

# $1 the image, $2 the tree, $3 a directory to mount at, then triples: offset, size and mount point
# below it with its options after a colon. The namespace takes all of it with it.
_FILL = """
set -eu
image=$1 tree=$2 target=$3 last=
shift 3
while [ $# -gt 0 ]; do
  # Btrfs takes a second device with the same contents for a mistake.
  if [ "$1" != "$last" ]; then
    loop=$(losetup --show --find --offset "$1" --sizelimit "$2" "$image")
  fi
  last=$1
  point=${3%%:*} options=${3#*:}
  mkdir -p "$target$point"
  mount -o "$options" "$loop" "$target$point"
  # Lazily: the last unmount takes it.
  losetup --detach "$loop"
  shift 3
done
cp -a "$tree/." "$target/"
sync
umount --recursive "$target"
"""

# $1 the image, $2 and $3 offset and size, $4 a directory, $5 the default subvolume or nothing, then
# the subvolumes, parents first.
_SUBVOLUMES = """
set -eu
target=$4 default=$5
mount -o "loop,offset=$2,sizelimit=$3" "$1" "$target"
shift 5
for name; do
  mkdir -p "$(dirname "$target/$name")"
  btrfs -q subvolume create "$target/$name"
done
if [ "$default" ]; then
  btrfs subvolume set-default "$(btrfs inspect-internal rootid "$target/$default")" "$target"
fi
umount "$target"
"""


def make_subvolumes(
    image: Path, work: Path, *, offset: int, size: int, names: Sequence[str], default: str = ""
) -> None:
    """Make subvolumes of the Btrfs at an offset, parents first, and one of them the default."""
    target = work / "subvolumes"
    target.mkdir()
    place = (str(image), str(offset), str(size), str(target))
    _in_namespace(image, _SUBVOLUMES, *place, default, *names)
    target.rmdir()


def fill(image: Path, tree: Path, work: Path, mounts: Sequence[tuple[int, int, str, str]]) -> None:
    """Copy a tree into the file systems at these offsets, sizes, mount points and options.

    The root comes first, its mount point being empty.
    """
    target = work / "mounted"
    target.mkdir()
    triples = [
        word
        for offset, size, point, options in mounts
        for word in (str(offset), str(size), f"{point}:{options}")
    ]
    _in_namespace(image, _FILL, str(image), str(tree), str(target), *triples)
    target.rmdir()


def _in_namespace(image: Path, script: str, *arguments: str) -> None:
    argv = ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "fill"]
    command = [*argv, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"filling {image} failed:\n{done.stderr[-2000:]}")
