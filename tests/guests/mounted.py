"""Fill file systems that no tool fills from a directory: mounted in a namespace of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

# $1 the image, $2 the tree, $3 a directory to mount at, then triples: offset, size and mount point
# below it with its options after a colon. The namespace takes all of it with it.
_FILL = """
set -eu
image=$1 tree=$2 target=$3
shift 3
while [ $# -gt 0 ]; do
  loop=$(losetup --show --find --offset "$1" --sizelimit "$2" "$image")
  point=${3%%:*} options=${3#*:}
  mkdir -p "$target$point"
  mount -o "$options" "$loop" "$target$point"
  losetup --detach "$loop"
  shift 3
done
cp -a "$tree/." "$target/"
sync
umount --recursive "$target"
"""


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
    argv = ["unshare", "--mount", "--propagation=private", "sh", "-c", _FILL, "fill"]
    command = [*argv, str(image), str(tree), str(target), *triples]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"filling {image} failed:\n{done.stderr[-2000:]}")
    target.rmdir()
