"""Which program makes the initramfs of a guest."""

from __future__ import annotations

from bootworthy.guest.initramfs_builders.booster import Booster
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.initramfs_builders.dracut import Dracut
from bootworthy.guest.initramfs_builders.initramfs_tools import InitramfsTools
from bootworthy.guest.initramfs_builders.mkinitcpio import Mkinitcpio
from bootworthy.guest.initramfs_builders.mkinitfs import Mkinitfs
from bootworthy.guest.initramfs_builders.mkinitrd import Mkinitrd
from bootworthy.guest.tree import Tree

# Asked in this order: SUSE's dracut brings a mkinitrd, Arch may have three builders at once.
_BUILDERS: tuple[InitramfsBuilder, ...] = (
    InitramfsTools(),
    Booster(),
    Mkinitcpio(),
    Mkinitfs(),
    Dracut(),
    Mkinitrd(),
)


def builder_of(tree: Tree) -> InitramfsBuilder | None:
    """The builder the guest has, None when we know none of its programs."""
    return next((builder for builder in _BUILDERS if builder.is_present(tree)), None)
