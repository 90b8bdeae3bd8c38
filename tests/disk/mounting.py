"""File systems that the kernel wrote: filled, aged by deleting files, and compared, as root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


def in_mount(image: Path, script: str, *words: str | Path, options: str = "") -> str:
    """Run a shell script in the file system in ``image``; gone when the script ends.

    The mount is seen by nothing else and ends with its namespace.
    """
    place = image.with_suffix(".mnt")
    place.mkdir(exist_ok=True)
    mount = f'mount -o "loop{options}" "$1" "$2" && cd "$2" && shift 2 || exit; {script}'
    argv = ["unshare", "-m", "sh", "-ec", mount, "sh", image, place, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fill_and_age(image: Path, files: int, largest: int) -> None:
    """Write files and delete every third of them again."""
    script = '"$1" -c "$2" "$3" "$4"; cd /; umount "$OLDPWD"'
    in_mount(image, script, sys.executable, _FILL, str(files), str(largest))


_FILL = """
import os, random, sys
files, largest = map(int, sys.argv[1:])
chance = random.Random(7)
for number in range(files):
    with open(f"file{number}", "wb") as file:
        file.write(chance.randbytes(chance.randrange(1, largest)))
os.sync()
for number in range(0, files, 3):
    os.unlink(f"file{number}")
"""


def digest(image: Path, options: str = ",ro") -> str:
    """Names and contents of all files."""
    script = "find . -type f -print0 | sort -z | xargs -0r sha256sum | sha256sum"
    return in_mount(image, script, options=options)
