"""Whether hardware virtualization really works here: found out by booting a kernel with it.

A /dev/kvm that can be opened proves nothing: nested and para-virtualized hosts offer one on which
a few instructions run and Linux hangs.
"""

from __future__ import annotations

import os
import platform
import selectors
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DEVICE = Path("/dev/kvm")

# Under KVM, a kernel without a root file system panics after a second or two; nested, in ten.
_LIMIT = 20.0

# Whether anything comes at all shows much earlier.
_SILENCE = 6.0


@dataclass(frozen=True, slots=True)
class _Machine:
    """How to start the smallest machine of an architecture, and where its console is."""

    emulators: tuple[str, ...]
    board: str
    console: str


# /usr/libexec/qemu-kvm is what Red Hat's distributions have instead.
_MACHINES = {
    "x86_64": _Machine(
        ("qemu-system-x86_64", "/usr/libexec/qemu-kvm"), "q35", "console=ttyS0 earlyprintk=ttyS0"
    ),
    "aarch64": _Machine(
        ("qemu-system-aarch64", "/usr/libexec/qemu-kvm"),
        "virt",
        "console=ttyAMA0 earlycon=pl011,0x9000000",
    ),
}


def works() -> bool:
    """Whether a machine of this host's architecture runs at native speed."""
    return not why_not()


@cache
def why_not() -> str:
    """Why there is no hardware virtualization, in words for people; empty when there is.

    Tried once in the life of the process; takes up to a few seconds.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or not _DEVICE.exists():
        return "there is no /dev/kvm"
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return "/dev/kvm may not be used (add yourself to the group kvm)"
    emulator = next((path for name in machine.emulators if (path := shutil.which(name))), None)
    if emulator is None:
        return f"{machine.emulators[0]} is not installed"
    kernel = _kernel()
    if kernel is None:
        return "no kernel in /boot can be read to try /dev/kvm with"
    return "" if _boots(emulator, machine, kernel) else "/dev/kvm is there and does not boot Linux"


def _kernel() -> Path | None:
    """The kernel installed last that can be read."""
    found = [*Path("/boot").glob("vmlinuz-*"), *Path("/lib/modules").glob("*/vmlinuz")]
    readable = [path for path in found if os.access(path, os.R_OK)]
    return max(readable, key=lambda path: path.stat().st_mtime, default=None)


def _boots(emulator: str, machine: _Machine, kernel: Path) -> bool:
    """Whether the kernel gets as far as to panic for want of a root, which ends the machine."""
    argv = [
        *(emulator, "-accel", "kvm", "-machine", machine.board, "-cpu", "host", "-m", "512"),
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(kernel), "-append", f"{machine.console} panic=-1"),
    ]
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            return _ends(process) and process.wait(1) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            process.kill()


def _ends(process: subprocess.Popen[bytes]) -> bool:
    """Whether the console ends in time; one that stays silent is not waited for as long."""
    start = time.monotonic()
    seen = b""
    with selectors.DefaultSelector() as selector:
        if process.stdout is None:
            return False
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            limit = _LIMIT if b"Linux version" in seen else _SILENCE
            left = start + limit - time.monotonic()
            if left <= 0 or not selector.select(left):
                return False
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                return True
            seen = (seen + data)[-65536:] if b"Linux version" not in seen else b"Linux version"
