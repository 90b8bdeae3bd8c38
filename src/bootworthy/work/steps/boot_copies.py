"""Keep what a boot loader reads as new as what it was copied from.

kernel-install copies an initramfs to the partition that systemd-boot reads. Its hooks do so again
after each rebuild, but only where the program sees that partition: a host without vfat has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.recording import Snapshot, snapshot
from bootworthy.work.target import Target

# The largest initramfs in the field, with firmware for every graphics card, is below 300 MB.
LIMIT = 1 << 30


@contextmanager
def kept_fresh(target: Target) -> Iterator[None]:
    """Copy every initramfs that programs make anew meanwhile, as packages have them do.

    Raises:
        OSError: with ``ENOSPC`` when there is no room for a copy, which then stays as it was.
    """
    before = dict(_originals(target))
    yield
    for kernel in target.guest.kernels:
        path = kernel.copied_from
        if path in before and snapshot(target.tree, path) != before[path]:
            refresh(kernel, target)


def _originals(target: Target) -> Iterator[tuple[str, Snapshot | None]]:
    for kernel in target.guest.kernels:
        if kernel.copied_from:
            yield kernel.copied_from, snapshot(target.tree, kernel.copied_from)


def refresh(kernel: Kernel, target: Target) -> None:
    """Make the copy that boots what the image it was made of is now.

    Raises:
        OSError: with ``ENOSPC`` when there is no room for it; it then stays as it was.
    """
    if kernel.copied_from is None or kernel.initramfs is None:
        return
    fresh = target.tree.read(kernel.copied_from, limit=LIMIT)
    if fresh != target.tree.read(kernel.initramfs, limit=LIMIT):
        target.tree.write(kernel.initramfs, fresh)
