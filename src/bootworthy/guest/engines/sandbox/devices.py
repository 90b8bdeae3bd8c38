"""The sandbox's own /dev: a few harmless devices, the disk of the image, nothing of the host."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bootworthy.guest.engines.mounting import INERT, mount_at, mount_detached
from bootworthy.guest.engines.sandbox.confinement import Node
from bootworthy.guest.engines.syscalls import MOUNT_ATTR_NOSUID

# Documentation/admin-guide/devices.txt
_CHARACTER = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}

_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}

_DIRECTORIES = ("pts", "shm", "disk")

ROOT_PLACE = ".root"
"""A directory for the new root to be mounted on, before it becomes the root."""


def make_dev(nodes: Sequence[Node]) -> int:
    """A detached /dev; the caller attaches it and then calls ``finish_dev``.

    The directory is 0755: in a sticky one that all may write to, root's ``echo > /dev/null`` is
    refused where fs.protected_regular is on.
    """
    options = (("mode", "0755"), ("size", "16m"))
    dev = mount_detached("tmpfs", "dev", options, attributes=MOUNT_ATTR_NOSUID)
    for name, (major, minor) in _CHARACTER.items():
        _make_node(dev, name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    for node in nodes:
        _make_node(dev, node.name, stat.S_IFBLK | 0o660, os.makedev(node.major, node.minor))
    for name, target in _LINKS.items():
        os.symlink(target, name, dir_fd=dev)
    for name in (*_DIRECTORIES, ROOT_PLACE):
        os.mkdir(name, 0o755, dir_fd=dev)
    return dev


def _make_node(directory: int, name: str, mode: int, device: int) -> None:
    os.mknod(name, mode, device, dir_fd=directory)
    os.chmod(name, stat.S_IMODE(mode), dir_fd=directory)


def finish_dev(nodes: Sequence[Node]) -> None:
    """What needs /dev to be at its place."""
    pts = (("mode", "0620"), ("ptmxmode", "0666"), ("gid", "5"))
    mount_at("/dev/pts", "devpts", pts, attributes=INERT)
    mount_at("/dev/shm", "tmpfs", (("mode", "1777"),), attributes=INERT)  # noqa: S108
    for node in nodes:
        for link in node.links:
            place = Path("/dev", link)
            place.parent.mkdir(exist_ok=True)
            # Copies of a file system have one name: the first has it.
            with suppress(FileExistsError):
                place.symlink_to(f"{'../' * link.count('/')}{node.name}")
