"""Throw-away copies of a prepared guest, each broken in one way that a first boot shows."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.guests.recipe import Recipe

_GRUB_CFG = "/boot/grub/grub.cfg"
_FSTAB = "/etc/fstab"
_MISSING = "UUID=6f6e6500-0000-4000-8000-000000000000 /srv ext4 defaults 0 2\n"


def copy_of(image: Path, copy: Path) -> Path:
    """A writable copy, with its holes."""
    sparse = ["cp", "--sparse=always", "--reflink=auto", "--no-preserve=mode"]
    subprocess.run([*sparse, str(image), str(copy)], check=True)
    return copy


def start_a_shell(image: Path, recipe: Recipe) -> None:
    """Have the kernel start a shell instead of init."""
    _edit(image, recipe, _GRUB_CFG, lambda text: _on_linux_lines(text, " init=/bin/sh"))


def silence(image: Path, recipe: Recipe) -> None:
    """Take the serial console from the kernel's command line."""
    _edit(image, recipe, _GRUB_CFG, _without_serial)


def mount_what_is_missing(image: Path, recipe: Recipe) -> None:
    """Name a file system in fstab that no disk has."""
    _edit(image, recipe, _FSTAB, lambda text: text + _MISSING)


def disable_cloud_init(image: Path, recipe: Recipe) -> None:
    """Leave the file that keeps cloud-init from starting."""
    empty = image.with_suffix(".empty")
    empty.touch()
    _debugfs(image, recipe, f"write {empty} /etc/cloud/cloud-init.disabled")


def remove_loader(image: Path, esp_offset: int) -> None:
    """Take the loader from where firmware without a memory looks."""
    subprocess.run(["mdeltree", "-i", f"{image}@@{esp_offset}", "::/EFI/BOOT"], check=True)


def _on_linux_lines(text: str, more: str) -> str:
    lines = text.splitlines()
    return "".join(f"{line}{more if line.lstrip().startswith('linux') else ''}\n" for line in lines)


def _without_serial(text: str) -> str:
    words = ("console=ttyS0,115200n8", "console=ttyS0,115200", "console=ttyS0")
    for word in (*words, "earlyprintk=ttyS0,115200", "earlyprintk=ttyS0"):
        text = text.replace(f" {word}", "")
    return text


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
