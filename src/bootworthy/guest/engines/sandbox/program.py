"""From process 1 of the sandbox to a guest program: fewer privileges, a clean state."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from bootworthy.guest.engines import syscalls

# What package managers, initramfs builders and boot loader tools use
# (numbers: include/uapi/linux/capability.h). SYS_ADMIN is for security.* attributes and for
# btrfs, which grub-probe asks about subvolumes; AUDIT_WRITE is for PAM, which refuses to change
# accounts when root may not write to the audit log. Left out, among others: SYS_MODULE, SYS_RAWIO,
# SYS_BOOT, SYS_TIME, SYS_PTRACE, SYSLOG, NET_ADMIN, MAC_ADMIN, BPF.
_KEPT = frozenset(
    {
        0,  # CHOWN
        1,  # DAC_OVERRIDE
        3,  # FOWNER
        4,  # FSETID
        5,  # KILL
        6,  # SETGID
        7,  # SETUID
        8,  # SETPCAP
        9,  # LINUX_IMMUTABLE
        14,  # IPC_LOCK
        15,  # IPC_OWNER
        18,  # SYS_CHROOT
        21,  # SYS_ADMIN
        23,  # SYS_NICE
        24,  # SYS_RESOURCE
        27,  # MKNOD
        28,  # LEASE
        29,  # AUDIT_WRITE
        31,  # SETFCAP
    }
)

_LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")

# systemd's own defaults; rpm closes every descriptor up to the limit, one by one.
_OPEN_FILES = (1024, 4096)


def become(argv: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by the program.

    Raises:
        OSError: it is not there, or not a program.
    """
    os.setsid()
    os.setgroups([])
    os.umask(0o022)
    os.chdir("/")
    # Python ignores both; programs expect to die of them.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    resource.setrlimit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _drop_capabilities()
    os.execvpe(argv[0], list(argv), dict(environment))  # noqa: S606 - no shell is meant


def _drop_capabilities() -> None:
    # With the bounding set reduced, execve gives root no more than what is left in it.
    last = int(_LAST_CAPABILITY.read_bytes())
    for number in range(last + 1):
        if number not in _KEPT:
            syscalls.prctl(syscalls.PR_CAPBSET_DROP, number)
