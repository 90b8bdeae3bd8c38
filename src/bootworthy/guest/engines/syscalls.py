"""Linux system calls that Python does not offer, each a function that raises OSError."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from functools import cache

# From Linux 5.1 on, a new system call has one number on every architecture
# (include/uapi/asm-generic/unistd.h).
_OPEN_TREE = 428
_MOVE_MOUNT = 429
_FSOPEN = 430
_FSCONFIG = 431
_FSMOUNT = 432
_OPENAT2 = 437
_MOUNT_SETATTR = 442

# Older than that rule: arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h.
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

# include/uapi/linux/openat2.h
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_IN_ROOT = 0x10

# include/uapi/linux/mount.h
MOUNT_ATTR_RDONLY = 0x01
MOUNT_ATTR_NOSUID = 0x02
MOUNT_ATTR_NODEV = 0x04
MOUNT_ATTR_NOEXEC = 0x08
MOUNT_ATTR_NOATIME = 0x10
_FSMOUNT_CLOEXEC = 0x01
_FSOPEN_CLOEXEC = 0x01
_FSCONFIG_SET_FLAG = 0
_FSCONFIG_SET_STRING = 1
_FSCONFIG_CMD_CREATE = 6
_MOVE_MOUNT_F_EMPTY_PATH = 0x04
_OPEN_TREE_CLONE = 0x01
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000

# include/uapi/linux/sched.h
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# include/uapi/linux/mount.h, the older interface
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

# include/uapi/linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _raise(what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), what)


def _call(
    what: str, number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None
) -> int:
    plain = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *plain))
    if result < 0:
        _raise(what)
    return result


def openat2(directory: int, path: bytes, flags: int, resolve: int) -> int:
    """Open ``path`` below ``directory``, refusing what ``resolve`` forbids."""
    how = ctypes.create_string_buffer(struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, resolve), 24)
    name = path.decode("utf-8", "surrogateescape")
    return _call(name, _OPENAT2, directory, path, how, 24)


@cache
def has_openat2() -> bool:
    """Whether the kernel (5.6) has openat2 and no system call filter hides it."""
    try:
        os.close(openat2(_AT_FDCWD, b"/", os.O_PATH, RESOLVE_NO_MAGICLINKS))
    except OSError:
        return False
    return True


def fsopen(kind: str) -> int:
    """A new file system context; ENODEV when the kernel has no such file system."""
    return _call(kind, _FSOPEN, kind.encode(), _FSOPEN_CLOEXEC)


def fsconfig_set(context: int, key: str, value: str | None = None) -> None:
    """Set a mount option: a string, or a flag when ``value`` is None."""
    if value is None:
        _call(key, _FSCONFIG, context, _FSCONFIG_SET_FLAG, key.encode(), None, 0)
    else:
        _call(key, _FSCONFIG, context, _FSCONFIG_SET_STRING, key.encode(), value.encode(), 0)


def fsconfig_create(context: int) -> None:
    """Make the superblock: the moment the kernel reads the file system."""
    _call("superblock", _FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)


def fsmount(context: int, attributes: int) -> int:
    """A detached mount of the superblock: it ends when its last descriptor closes."""
    return _call("mount", _FSMOUNT, context, _FSMOUNT_CLOEXEC, attributes)


def open_tree_clone(path: str, *, recursive: bool = False) -> int:
    """A detached copy of the mount at ``path``, as a bind mount would make it."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | (_AT_RECURSIVE if recursive else 0)
    return _call(path, _OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)


def mount_setattr(mount: int, set_attributes: int, *, recursive: bool = False) -> None:
    """Add attributes to the mount behind a descriptor."""
    attributes = ctypes.create_string_buffer(struct.pack("=QQQQ", set_attributes, 0, 0, 0), 32)
    flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
    _call("mount attributes", _MOUNT_SETATTR, mount, b"", flags, attributes, 32)


def move_mount(mount: int, path: str) -> None:
    """Attach a detached mount, or move an attached one, to ``path``."""
    target = os.fsencode(path)
    _call(path, _MOVE_MOUNT, mount, b"", _AT_FDCWD, target, _MOVE_MOUNT_F_EMPTY_PATH)


def make_private() -> None:
    """Let no mount or unmount of this namespace reach another one."""
    if _libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None) != 0:
        _raise("/")


def unmount_detached(path: str) -> None:
    """Take a mount out of the namespace; it ends when nothing uses it any more."""
    if _libc.umount2(os.fsencode(path), MNT_DETACH) != 0:
        _raise(path)


def pivot_root_here() -> None:
    """Make the mount at the working directory the root, with the old root stacked on it.

    The two dots are pivot_root(2)'s own way without a directory for the old root.
    """
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), "pivot_root")
    _call("pivot_root", number, b".", b".")


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` name."""
    if _libc.unshare(ctypes.c_int(flags)) != 0:
        _raise("namespaces")


def prctl(option: int, argument: int) -> None:
    """Change something about this process."""
    zero = ctypes.c_ulong(0)
    if _libc.prctl(ctypes.c_int(option), ctypes.c_ulong(argument), zero, zero, zero) != 0:
        _raise("prctl")


def syncfs(descriptor: int) -> None:
    """Write back the file system that holds the open file."""
    if _libc.syncfs(ctypes.c_int(descriptor)) != 0:
        _raise("file system")
