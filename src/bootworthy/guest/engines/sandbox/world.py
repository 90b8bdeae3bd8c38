"""What a guest program sees: its own root, fresh /dev, /proc, /sys, /run and /tmp.

Nothing may be imported once the host's files are gone, not even a codec: bytes are written.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from bootworthy.guest.engines import syscalls
from bootworthy.guest.engines.mounting import (
    HARMLESS,
    INERT,
    attach,
    bind_detached,
    mount_at,
    mount_detached,
)
from bootworthy.guest.engines.sandbox.confinement import BlockMount, Confinement, ShownFile
from bootworthy.guest.engines.sandbox.devices import ROOT_PLACE, finish_dev, make_dev
from bootworthy.guest.engines.sandbox.traces import is_temporary
from bootworthy.guest.engines.syscalls import MOUNT_ATTR_NODEV, MOUNT_ATTR_RDONLY

# Programs of the guest may be set-user-id; the files of its /dev are ours.
_GUEST = MOUNT_ATTR_NODEV

# Settings of the host's kernel that have no namespace.
_KERNEL_SETTINGS = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")

# include/uapi/linux/sockios.h and if.h
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


def clone_root(confinement: Confinement) -> int | None:
    """A detached copy of the root when it is a directory; None when it is a device.

    The directory's own descriptor is closed: what is above it can be reached from there.
    """
    if confinement.root is None:
        return None
    path = f"/proc/self/fd/{confinement.root}"
    try:
        return bind_detached(path, attributes=_GUEST, recursive=True)
    finally:
        os.close(confinement.root)


def build(confinement: Confinement, root: int | None) -> None:
    """Make the world and move into it; called by process 1 in namespaces of its own."""
    syscalls.make_private()
    binds = {path: bind_detached(host) for path, host in sorted(confinement.binds.items())}
    dev = make_dev(confinement.nodes)
    syscalls.move_mount(dev, "/dev")
    _enter_root(_block_detached(confinement.mounts[0]) if root is None else root, dev)
    for mount in confinement.mounts[1:]:
        _mount_block(mount)
    finish_dev(confinement.nodes)
    _mount_kernel(confinement.kernel_arguments)
    mount_at("/run", "tmpfs", (("mode", "0755"),), attributes=HARMLESS)
    mount_at("/tmp", "tmpfs", (("mode", "1777"),), attributes=HARMLESS)  # noqa: S108
    Path("/run/lock").mkdir(mode=0o755)
    for path, bind in binds.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        attach(bind, path)
    for file in confinement.shown:
        if is_temporary(file.path):
            _write(file)
        else:
            _show(file.path, file.text, file.mode)
    if not confinement.network:
        _raise_loopback()


def _block_detached(mount: BlockMount) -> int:
    return mount_detached(mount.kind, mount.source, mount.options, attributes=_GUEST)


def _mount_block(mount: BlockMount) -> None:
    try:
        attach(_block_detached(mount), mount.path)
    except OSError:
        if mount.needed:
            raise
        # Nothing may be written below the mount point, where the guest would never see it.
        mount_at(mount.path, "tmpfs", attributes=INERT | MOUNT_ATTR_RDONLY)


def _enter_root(root: int, dev: int) -> None:
    """Make ``root`` the root and /dev a part of it; the host's file systems are gone then."""
    place = f"/dev/{ROOT_PLACE}"
    attach(root, place)
    os.chdir(place)
    syscalls.pivot_root_here()
    attach(dev, "/dev")
    syscalls.unmount_detached(".")
    os.chdir("/")
    Path(place).rmdir()


def _mount_kernel(kernel_arguments: str) -> None:
    mount_at("/proc", "proc")
    mount_at("/sys", "sysfs", attributes=INERT | MOUNT_ATTR_RDONLY)
    for path in _KERNEL_SETTINGS:
        if Path(path).exists():
            attach(bind_detached(path), path)
    # What kernel-install and grub's scripts would copy into the guest is the host's otherwise.
    _show("/proc/cmdline", kernel_arguments + "\n", 0o444)


def _show(path: str, text: str, mode: int) -> None:
    """Have ``path``, which exists, hold ``text`` in the sandbox alone."""
    source = Path("/dev/.shown")
    source.write_bytes(text.encode())
    source.chmod(mode)
    attach(bind_detached(str(source), attributes=0), path)
    source.unlink()


def _write(file: ShownFile) -> None:
    place = Path(file.path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(file.text.encode())
    place.chmod(file.mode)


def _raise_loopback() -> None:
    """Let 127.0.0.1 work in the new network namespace, which has nothing else."""
    request = struct.pack("16sH14x", b"lo", _IFF_UP)
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, request)
