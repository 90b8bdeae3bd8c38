"""Whether the appliance can be started here, and with which Python."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from bootworthy.model.errors import HostError

# The binding is built for the distribution's own interpreter; Red Hat keeps one of its own.
_INTERPRETERS = ("/usr/bin/python3", "/usr/libexec/platform-python", sys.executable)

_INSTALL = "apt install python3-guestfs linux-image-cloud-amd64, or dnf install python3-libguestfs"


@cache
def interpreter() -> str | None:
    """A Python that can import guestfs, None when there is none."""
    for path in _INTERPRETERS:
        if not os.access(path, os.X_OK):
            continue
        tried = subprocess.run(
            [path, "-I", "-c", "import guestfs"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if tried.returncode == 0:
            return path
    return None


def why_not() -> HostError | None:
    """Why the appliance cannot be started here, None when it can."""
    if interpreter() is None:
        return HostError(
            "host-libguestfs-missing", "libguestfs is not installed for Python", hint=_INSTALL
        )
    kernels = [*Path("/boot").glob("vmlinuz-*"), *Path("/lib/modules").glob("*/vmlinuz")]
    if not kernels and "SUPERMIN_KERNEL" not in os.environ:
        return HostError(
            "host-kernel-missing",
            "the appliance needs a kernel in /boot, and there is none",
            hint="apt install linux-image-cloud-amd64, or dnf install kernel-core",
        )
    if kernels and not any(os.access(kernel, os.R_OK) for kernel in kernels):
        return HostError(
            "host-kernel-unreadable",
            f"the appliance needs to read a kernel, and {kernels[0]} may not be read",
            hint="sudo chmod 0644 /boot/vmlinuz-* (Ubuntu makes them readable by root only)",
        )
    return None
