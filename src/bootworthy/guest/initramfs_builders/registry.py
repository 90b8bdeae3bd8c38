"""Which program makes the initramfs of a guest."""

from __future__ import annotations

from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.initramfs_builders.initramfs_tools import InitramfsTools
from bootworthy.guest.tree import Tree

_BUILDERS: tuple[InitramfsBuilder, ...] = (InitramfsTools(),)


def builder_of(tree: Tree) -> InitramfsBuilder | None:
    """The builder the guest has, None when we know none of its programs."""
    return next((builder for builder in _BUILDERS if builder.is_present(tree)), None)
