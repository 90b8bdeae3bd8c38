"""Mounts made with the new mount interface: detached, so that they end with their descriptor."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from bootworthy.guest.engines import syscalls
from bootworthy.guest.engines.syscalls import (
    MOUNT_ATTR_NODEV,
    MOUNT_ATTR_NOEXEC,
    MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY,
)

HARMLESS = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
"""No set-user-id programs, no devices."""

INERT = HARMLESS | MOUNT_ATTR_NOEXEC
"""No programs either."""

Options = Sequence[tuple[str, str | None]]


class MountError(OSError):
    """A mount that failed, with what the kernel said about it besides the number."""


def mount_detached(
    kind: str, source: str, options: Options = (), *, attributes: int = HARMLESS
) -> int:
    """A descriptor of a new mount that is nowhere; ``attributes`` are MOUNT_ATTR_ bits.

    Raises:
        MountError: ENODEV when the kernel does not know ``kind``.
    """
    try:
        context = syscalls.fsopen(kind)
    except OSError as error:
        raise MountError(error.errno, os.strerror(error.errno or 0), kind) from error
    try:
        syscalls.fsconfig_set(context, "source", source)
        for key, value in options:
            syscalls.fsconfig_set(context, key, value)
        syscalls.fsconfig_create(context)
        return syscalls.fsmount(context, attributes)
    except OSError as error:
        said = _log(context) or os.strerror(error.errno or 0)
        raise MountError(error.errno, said, source) from error
    finally:
        os.close(context)


def _log(context: int) -> str:
    """What the kernel wrote into the context: one message a read, its severity first."""
    lines: list[str] = []
    try:
        while line := os.read(context, 8192):
            lines.append(line.decode("utf-8", "replace").strip()[2:])
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
    return "; ".join(lines)


def mount_at(path: str, kind: str, options: Options = (), *, attributes: int = INERT) -> None:
    """Mount a file system of the kernel's own (tmpfs, proc, sysfs, devpts) at ``path``."""
    attach(mount_detached(kind, kind, options, attributes=attributes), path)


def attach(mount: int, path: str) -> None:
    """Attach a detached mount at ``path`` and close its descriptor."""
    try:
        syscalls.move_mount(mount, path)
    finally:
        os.close(mount)


def bind_detached(
    path: str, *, attributes: int = MOUNT_ATTR_RDONLY | HARMLESS, recursive: bool = False
) -> int:
    """A detached copy of what is at ``path``, with ``attributes`` added."""
    mount = syscalls.open_tree_clone(path, recursive=recursive)
    try:
        syscalls.mount_setattr(mount, attributes, recursive=recursive)
    except OSError:
        os.close(mount)
        raise
    return mount
