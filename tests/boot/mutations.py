"""Throw-away copies of a prepared guest, each broken in one way that a first boot shows."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.guests.recipe import Recipe

ESP_OFFSET = 1 << 20
"""Where the ESP of the UEFI guest starts, in bytes."""

_GRUB_CFG = "/boot/grub/grub.cfg"


def copy_of(image: Path, copy: Path) -> Path:
    """A writable copy, with its holes."""
    sparse = ["cp", "--sparse=always", "--reflink=auto", "--no-preserve=mode"]
    subprocess.run([*sparse, str(image), str(copy)], check=True)
    return copy


def start_a_shell(image: Path, recipe: Recipe) -> None:
    """Have the kernel start a shell instead of init."""
    _edit(image, recipe, _GRUB_CFG, lambda text: _on_linux_lines(text, " init=/bin/sh"))


def remove_loader(image: Path, esp_offset: int) -> None:
    """Take the loader from where firmware without a memory looks."""
    subprocess.run(["mdeltree", "-i", f"{image}@@{esp_offset}", "::/EFI/BOOT"], check=True)


def _on_linux_lines(text: str, more: str) -> str:
    lines = text.splitlines()
    return "".join(f"{line}{more if line.lstrip().startswith('linux') else ''}\n" for line in lines)


def _edit(image: Path, recipe: Recipe, path: str, change: Callable[[str], str]) -> None:
    edited = image.with_suffix(".edited")
    before = _debugfs(image, recipe, f"cat {path}")
    edited.write_text(change(before))
    assert edited.read_text() != before
    _debugfs(image, recipe, f"rm {path}")
    _debugfs(image, recipe, f"write {edited} {path}")


def _debugfs(image: Path, recipe: Recipe, request: str) -> str:
    argv = ["debugfs", "-w", "-R", request, f"{image}?offset={recipe.root_offset}"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


# $1 the image, $2 the root's offset in bytes, $3 the script, which runs in the root's directory.
_IN_ROOT = """
set -eu
root=$(mktemp -d)
loop=$(losetup --show --find --offset "$2" "$1")
mount -t ext4 "$loop" "$root"
losetup --detach "$loop"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cd "$root"
sh -eu -c "$3"
cd /
umount --recursive "$root"
rmdir "$root"
"""


def in_root(image: Path, script: str, root_offset: int = 1 << 20) -> None:
    """Run a shell script in the image's root file system, mounted in a namespace of its own."""
    argv = ["unshare", "--mount", "--net", "--propagation=private", "sh", "-c", _IN_ROOT, "break"]
    done = subprocess.run(
        [*argv, str(image), str(root_offset), script],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise RuntimeError(f"breaking {image} failed:\n{done.stdout}\n{done.stderr}")
