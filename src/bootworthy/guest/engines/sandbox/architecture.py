"""Whether this host's kernel can execute a guest's programs."""

from __future__ import annotations

import platform
from pathlib import Path

from bootworthy.guest.facts import kernels
from bootworthy.guest.tree import Tree
from bootworthy.model.intent import Architecture

_MACHINES = {"x86_64": Architecture.X64, "aarch64": Architecture.ARM64}

# The names that QEMU's packages register their emulators under.
_HANDLERS = {Architecture.X64: "qemu-x86_64", Architecture.ARM64: "qemu-aarch64"}

_BINFMT = Path("/proc/sys/fs/binfmt_misc")


def cannot_run(tree: Tree, *, emulators: bool = True) -> str:
    """Why programs of the guest in ``tree`` cannot run; empty when they can.

    ``emulators`` tells whether those that this host has registered would be used.
    """
    guest = kernels.architecture(tree)
    host = platform.machine()
    if guest is None or guest is _MACHINES.get(host):
        return ""
    if emulators and _is_emulated(guest):
        return ""
    return f"it is {guest.value}, and this host is {host} without an emulator for it"


def _is_emulated(architecture: Architecture) -> bool:
    """Whether an emulator is registered that works in another root (binfmt_misc, flag F)."""
    try:
        lines = (_BINFMT / _HANDLERS[architecture]).read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    flags = next((line.split()[1:] for line in lines if line.startswith("flags:")), [])
    return "enabled" in lines and any("F" in flag for flag in flags)
