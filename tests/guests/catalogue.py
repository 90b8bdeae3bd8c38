"""The recipes by name."""

from __future__ import annotations

from tests.guests.debian_arm64 import DebianArm64
from tests.guests.debian_bios import DebianBios
from tests.guests.debian_btrfs import DebianBtrfs
from tests.guests.debian_cloud import DebianCloud
from tests.guests.debian_dracut import DebianDracut
from tests.guests.debian_lvm import DebianLvm
from tests.guests.debian_others import Debian11, Debian11Bios, Debian13, Debian13Bios, Debian14
from tests.guests.debian_systemd_boot import DebianSystemdBoot
from tests.guests.debian_uefi import DebianUefi
from tests.guests.el_uefi import ElUefi
from tests.guests.recipe import Recipe
from tests.guests.suse_uefi import SuseUefi

_ALL: tuple[Recipe, ...] = (
    DebianBios(),
    DebianUefi(),
    Debian11(),
    Debian11Bios(),
    Debian13(),
    Debian13Bios(),
    Debian14(),
    DebianLvm(),
    DebianBtrfs(),
    DebianDracut(),
    DebianSystemdBoot(),
    DebianCloud(),
    DebianArm64(),
    ElUefi(),
    SuseUefi(),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
"""Every guest that can be built, by the name the command line takes."""
