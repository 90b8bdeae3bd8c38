"""The shell scripts that make a guest program's world inside the appliance.

They are run by the appliance's own shell, with its own tools, outside of the guest. Standard
library only: this file is imported beside the process that holds the appliance.
"""

from __future__ import annotations

import base64
from shlex import quote
from typing import Any

_SYSROOT = "/sysroot"
_WORK = "/tmp/bootworthy"  # noqa: S108 - in the appliance, where nobody else is

# What is printed last matters; base64 as the answer has to be text.
_KEPT = 256 << 10
OUTPUT = f"tail -c {_KEPT} {_WORK}/output | base64 -w0"

# As timeout(1) says it of a program that it had to kill.
TIMED_OUT = 137


def open_temporary(root: str) -> str:
    """Fresh /run and /tmp over those of the guest mounted at ``root``."""
    place = quote(_SYSROOT + root)
    return _joined(
        f"mkdir -p {_WORK}",
        f"mount -t tmpfs -o mode=0755 run {place}/run",
        f"mount -t tmpfs -o mode=1777 tmp {place}/tmp",  # noqa: S108 - the guest's
        f"mkdir -p {place}/run/lock",
    )


def close_temporary(root: str) -> str:
    """Take them away, and what is left of the run."""
    place = quote(_SYSROOT + root)
    return f"umount -l {place}/run; umount -l {place}/tmp; rm -rf {_WORK}"  # noqa: S108


def run(words: dict[str, Any]) -> str:
    """Run a program with namespaces of its own; prints its exit code, and ``started`` if it was.

    Everything it started ends with it, and so do the mounts made for it.
    """
    namespaces = "--mount --uts --ipc --pid --fork --kill-child"
    network = "" if words["network"] else "--net"
    limit = f"timeout -s KILL {words['limit']}"
    inner = quote(_inner(words))
    return (
        f"{limit} unshare {namespaces} {network} sh -c {inner} > {_WORK}/output 2>&1 < /dev/null; "
        f"echo $?; if [ -e {_WORK}/started ]; then echo started; fi"
    )


def _inner(words: dict[str, Any]) -> str:
    root, *others = words["mounts"]
    place = _SYSROOT + root[0]
    lines = ["set -e", f"R={quote(place)}", "echo localhost > /proc/sys/kernel/hostname"]
    for source, path in others:
        lines.append(f"mount --bind {quote(_SYSROOT + source)} $R{quote(path)}")
    lines += [
        "mount -t proc proc $R/proc",
        "mount -t sysfs -o ro sysfs $R/sys",
        "mount --rbind /dev $R/dev",
    ]
    for number, file in enumerate([*words["shown"], _kernel_arguments(words)]):
        lines += _show(number, *file)
    if not words["network"]:
        lines.append("ip link set lo up || true")
    variables = " ".join(quote(f"{key}={value}") for key, value in words["environment"].items())
    argv = " ".join(quote(word) for word in words["argv"])
    # The shell stays, as process 1: a program that is that ignores most signals.
    lines += ["cd /", "umask 022", f"touch {_WORK}/started"]
    lines += [f"env -i {variables} chroot $R {argv} || exit $?"]
    return "\n".join(lines)


def _kernel_arguments(words: dict[str, Any]) -> tuple[str, str, int]:
    return "/proc/cmdline", words["kernel_arguments"] + "\n", 0o444


def _show(number: int, path: str, text: str, mode: int) -> list[str]:
    """Have a file say something else for the program alone; in /run and /tmp it is made."""
    source, target = f"{_WORK}/shown{number}", f"$R{quote(path)}"
    data = base64.b64encode(text.encode()).decode()
    lines = [f"echo {data} | base64 -d > {source}", f"chmod {mode:o} {source}"]
    if path.startswith(("/run/", "/tmp/")):  # noqa: S108 - the guest's, a tmpfs here
        return [*lines, f'mkdir -p "$(dirname {target})"', f"cp {source} {target}"]
    return [*lines, f"mount --bind {source} {target}"]


def _joined(*lines: str) -> str:
    return " && ".join(lines)
