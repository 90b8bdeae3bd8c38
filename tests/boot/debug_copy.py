"""Throw-away copies of a guest that say on the serial port what the guest itself keeps quiet."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.guests.debian_uefi import DebianUefi
from tests.guests.disk import put_in_fat
from tests.guests.recipe import Recipe

_GRUB_CFG = "/boot/grub/grub.cfg"


def with_serial_console(image: Path, recipe: Recipe, copy: Path) -> Path:
    """A copy whose kernel also speaks on ttyS0; nothing else in it differs."""
    sparse = ["cp", "--sparse=always", "--reflink=auto", "--no-preserve=mode"]
    subprocess.run([*sparse, str(image), str(copy)], check=True)
    config = _debugfs(copy, recipe, f"cat {_GRUB_CFG}")
    edited = copy.with_suffix(".grub.cfg")
    edited.write_text(
        config.replace(" quiet splash\n", " console=ttyS0\n").replace("timeout=5", "timeout=0")
    )
    _debugfs(copy, recipe, f"rm {_GRUB_CFG}")
    _debugfs(copy, recipe, f"write {edited} {_GRUB_CFG}")
    return copy


def add_removable_loader(image: Path, recipe: DebianUefi) -> None:
    """Copy the shim and its GRUB to EFI/BOOT, where firmware without a memory looks."""
    for source, target in (("shimx64.efi", "BOOTX64.EFI"), ("grubx64.efi", "grubx64.efi")):
        content = subprocess.run(
            ["mcopy", "-i", f"{image}@@{recipe.esp_offset}", f"::/EFI/debian/{source}", "-"],
            check=True,
            capture_output=True,
        ).stdout
        put_in_fat(image, offset=recipe.esp_offset, name=f"EFI/BOOT/{target}", content=content)


def _debugfs(image: Path, recipe: Recipe, request: str) -> str:
    argv = ["debugfs", "-w", "-R", request, f"{image}?offset={recipe.root_offset}"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
