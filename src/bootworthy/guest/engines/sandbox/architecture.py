"""Whether this host's kernel can execute a guest's programs."""

from __future__ import annotations

import os
import platform
import struct
import subprocess

from bootworthy.guest.engines.mounting import mount_detached
from bootworthy.guest.facts import kernels
from bootworthy.guest.tree import Tree
from bootworthy.model.intent import Architecture

_MACHINES = {"x86_64": Architecture.X64, "aarch64": Architecture.ARM64}

# The machine of an ELF header (elf(5)), and instructions that end a program with status 0: the
# system call 60 (syscall_64.tbl) or 93 (asm-generic/unistd.h).
_EXIT = {
    Architecture.X64: (62, bytes.fromhex("b83c000000 31ff 0f05")),
    Architecture.ARM64: (183, struct.pack("<3I", 0xD2800BA8, 0xD2800000, 0xD4000001)),
}

_ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_ADDRESS = 0x400000
_EXECUTABLE, _LOAD, _READ_EXECUTE = 2, 1, 5

_PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
_TIMEOUT = 30.0


def is_foreign(tree: Tree) -> bool:
    """Whether the guest's programs are for another architecture: emulated, if they run at all."""
    guest = kernels.architecture(tree)
    return guest is not None and guest is not _MACHINES.get(platform.machine())


def cannot_run(tree: Tree, *, emulators: bool = True) -> str:
    """Why programs of the guest in ``tree`` cannot run; empty when they can.

    ``emulators`` tells whether those that this host's kernel knows would be used: then a program
    of the guest's architecture is tried, which needs root.
    """
    guest = kernels.architecture(tree)
    if guest is None or not is_foreign(tree) or (emulators and starts(guest)):
        return ""
    host = platform.machine()
    return f"it is {guest.value}, and this host is {host} without an emulator for it"


def starts(architecture: Architecture) -> bool:
    """Whether the kernel starts a program for this architecture where the host's files are not.

    That is the question, and it is tried: an emulator has to be registered with flag F
    (Documentation/admin-guide/binfmt-misc.rst), and a container shows none of the host's.
    """
    try:
        root = mount_detached("tmpfs", "tmpfs", (("mode", "0755"), ("size", "64k")))
    except OSError:
        # A sandbox cannot be made either, which says why by itself.
        return True
    try:
        file = os.open("program", os.O_WRONLY | os.O_CREAT, 0o755, dir_fd=root)
        with os.fdopen(file, "wb") as program:
            program.write(_program(*_EXIT[architecture]))
        return _ends_well(root)
    finally:
        os.close(root)


def _ends_well(root: int) -> bool:
    try:
        done = subprocess.run(
            ["chroot", f"/proc/self/fd/{root}", "/program"],
            check=False,
            capture_output=True,
            pass_fds=(root,),
            env=_PATH,
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _program(machine: int, instructions: bytes) -> bytes:
    """A static ELF program: one segment, which is the whole file."""
    start = _ELF_HEADER.size + _PROGRAM_HEADER.size
    size = start + len(instructions)
    sizes = (_ELF_HEADER.size, _PROGRAM_HEADER.size, 1, 0, 0, 0)
    identity = b"\x7fELF\2\1\1".ljust(16, b"\0")
    entry = _ADDRESS + start
    header = _ELF_HEADER.pack(
        identity, _EXECUTABLE, machine, 1, entry, _ELF_HEADER.size, 0, 0, *sizes
    )
    segment = _PROGRAM_HEADER.pack(_LOAD, _READ_EXECUTE, 0, _ADDRESS, _ADDRESS, size, size, 1 << 16)
    return header + segment + instructions
