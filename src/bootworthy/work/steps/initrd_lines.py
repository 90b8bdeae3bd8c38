"""Have every boot entry load the initramfs of its kernel."""

from __future__ import annotations

from bootworthy.guest.boot_loaders import initrds
from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.guest.guest import Guest
from bootworthy.model.steps import LoadInitramfs
from bootworthy.work.target import StepFailedError, Target


def load(step: LoadInitramfs, target: Target) -> None:
    """Add the line that is missing.

    Raises:
        StepFailedError: an entry has none afterwards: only the guest can write it.
    """
    guest = target.guest
    initrds.load(target.tree, guest.boot_loader, _images(guest, step))
    left = [entry.title for entry in _lacking(target.guest, step)]
    if left:
        raise StepFailedError(
            f"{', '.join(left)} cannot be edited: have the guest write its boot menu anew"
        )


def _images(guest: Guest, step: LoadInitramfs) -> dict[str, str]:
    return {
        kernel.image: kernel.initramfs
        for kernel in guest.kernels
        if kernel.image in step.kernels and kernel.initramfs
    }


def _lacking(guest: Guest, step: LoadInitramfs) -> list[BootEntry]:
    entries = guest.boot_loader.entries
    return [entry for entry in entries if entry.kernel in step.kernels and not entry.initrds]
