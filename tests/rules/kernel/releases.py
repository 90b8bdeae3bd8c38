"""Guests with kernels of other releases than the healthy one's."""

from __future__ import annotations

from tests.rules.healthy import ARGUMENTS, GRUB_CFG, grub_cfg, healthy, kernel
from tests.rules.making import Entry


def running(*releases: str, arguments: str = ARGUMENTS) -> dict[str, Entry]:
    """A guest that starts these kernels."""
    files: dict[str, Entry | None] = {"/usr/lib/modules": None}
    for release in releases:
        files |= kernel(release)
    files[GRUB_CFG] = grub_cfg(*releases, arguments=arguments)
    return healthy(files)
