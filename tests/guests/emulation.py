"""Let this machine's kernel start programs for arm64, for as long as somebody needs them.

QEMU's handler is registered in the way that its Debian package would have systemd do it, under a
name of its own, and taken back at the end. It has to be in the host's own user namespace, which
``prepare`` cannot leave: only there may a disk be mounted.
"""

from __future__ import annotations

import itertools
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HANDLER = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
"""From qemu-user-static: the handler as binfmt.d(5) writes it, with flag F."""

_NAME = "qemu-aarch64"
_MACHINE = "aarch64"

# A guest is built inside the block of the test that asks for it.
_NUMBERS = itertools.count()

# $1 is the handler, $2 its name. The mount is one of this shell's own; the kernel has one registry
# for all of them (Documentation/admin-guide/binfmt-misc.rst). Since Linux 6.7 the handler goes with
# the last mount, so that even a shell that is killed leaves nothing behind.
_HOLD = """
set -eu
registry=/proc/sys/fs/binfmt_misc
mount -t binfmt_misc binfmt_misc "$registry"
printf %s "$1" >"$registry/register"
echo held
cat >/dev/null
printf %s -1 >"$registry/$2"
"""


@contextmanager
def arm64_programs() -> Iterator[None]:
    """Programs for arm64 run on this machine, in any root, until the block ends.

    Raises:
        RuntimeError: the kernel refuses QEMU's handler.
    """
    if platform.machine() == _MACHINE:
        yield
        return
    name = f"bootworthy-{os.getpid()}-{next(_NUMBERS)}"
    handler = HANDLER.read_text().strip().replace(f":{_NAME}:", f":{name}:", 1)
    argv = ["unshare", "--mount", "--propagation=private", "sh", "-c", _HOLD, "hold", handler, name]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout, holder.stderr
        if holder.stdout.readline() != "held\n":
            _, said = holder.communicate()
            raise RuntimeError(f"{handler} could not be registered: {said}")
        try:
            yield
        finally:
            holder.communicate()
    if holder.returncode:
        raise RuntimeError(f"{name} was not taken back")


def why_not() -> str:
    """What this machine lacks to run programs for arm64; empty when it can."""
    if platform.machine() == _MACHINE:
        return ""
    if not HANDLER.exists():
        return "qemu-user-static is not installed"
    known = Path("/proc/filesystems").read_text().split()
    return "" if "binfmt_misc" in known else "this kernel knows no binfmt_misc"
