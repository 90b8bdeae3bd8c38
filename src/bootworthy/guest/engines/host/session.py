"""An image's guest mounted by this machine, written and run at native speed."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from bootworthy.disk.lvm.volumes import LogicalVolume
from bootworthy.guest.engines import syscalls
from bootworthy.guest.engines.assembly import assemble
from bootworthy.guest.engines.base import DiskImage, Mount, Runner, Session
from bootworthy.guest.engines.beneath import DirectoryTree
from bootworthy.guest.engines.fat import FatTree
from bootworthy.guest.engines.host.loop import Device, LoopDisk
from bootworthy.guest.engines.mounting import HARMLESS, MountError, Options, mount_detached
from bootworthy.guest.engines.sandbox.confinement import BlockMount, Node
from bootworthy.guest.engines.sandbox.runner import Place, SandboxRunner
from bootworthy.guest.engines.syscalls import MOUNT_ATTR_NOATIME
from bootworthy.guest.engines.volumes import volumes_of
from bootworthy.guest.layout import Volumes, describe, subvolume_of
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError, HostError, InternalError
from bootworthy.model.events import Observer, ignore
from bootworthy.model.image import FileSystem

# include/uapi/linux/fs.h: _IOWR('X', 121, struct fstrim_range)
_FITRIM = 0xC0185879

# What a file system says that is damaged, not missing in the kernel.
_DAMAGED = frozenset({errno.EINVAL, errno.EUCLEAN, errno.EIO, errno.EBADMSG, errno.EFBIG})

# Less room than this on the host explains a failed write.
_SCARCE = 16 << 20


class _Mounted:
    """A file system mounted nowhere: its tree, and a descriptor to sync and trim it by."""

    def __init__(self, mount: int) -> None:
        self.mount = mount
        try:
            self.fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=mount)
        except BaseException:
            os.close(mount)
            raise
        self.tree = DirectoryTree(os.dup(self.fd), durable=False)

    def close(self) -> None:
        self.tree.close()
        os.close(self.fd)
        os.close(self.mount)


class HostSession(Session):
    """The guest in the raw disk image at ``image.container.path``, which is changed in place.

    Its file systems are in no mount namespace: they are reached through descriptors, and the
    kernel unmounts them when this process ends, however it ends. FAT is always edited through
    mtools: one way on every host, without giving the EFI system partition to the kernel, which
    mounts it for the time of a guest program only.

    Raises:
        GuestError: there is no guest, or several, or a file system is corrupt.
        HostError: ``host-needs-root``, ``host-loop-unavailable``, ``host-tool-missing`` or
            ``host-file-system-unsupported``.
    """

    engine = "host"

    def __init__(
        self, image: DiskImage, *, guest: str | None = None, observer: Observer = ignore
    ) -> None:
        require_root()
        if image.container.format != "raw":
            raise InternalError("engine-needs-raw", f"{image.container.path} is not a raw disk")
        self._path = Path(image.container.path).absolute()
        self._stack = ExitStack()
        self._mounted: dict[tuple[FileSystem, str], _Mounted] = {}
        self._fats: dict[FileSystem, FatTree] = {}
        try:
            self._body = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            self._stack.callback(os.close, self._body)
            volumes, inside = volumes_of(image)
            loop = LoopDisk(self._body, image.table.partitions, tuple(inside))
            self._loop = self._stack.enter_context(loop)
            assembled = assemble(volumes, self._opened, guest, observer)
        except BaseException:
            self.close()
            raise
        self.root = assembled.root
        self.mounts = assembled.mounts
        self._tree = assembled.tree
        self._esp = assembled.esp
        self._runner = SandboxRunner(
            self.writable, self._place(volumes, inside), observer, after=self._look_again
        )

    @property
    def tree(self) -> Tree:
        """The read and write plane."""
        return self._tree

    @property
    def runner(self) -> Runner:
        """Programs run in namespaces of their own."""
        return self._runner

    def esp(self) -> Tree | None:
        """The EFI system partition's own tree."""
        return self._esp

    def _opened(self, file_system: FileSystem, subvolume: str = "") -> Tree:
        if file_system.kind == "vfat":
            return self._opened_fat(file_system)
        key = (file_system, subvolume)
        if key not in self._mounted:
            source = self._loop.path(file_system)
            options = _options(file_system.kind, subvolume)
            mounted = _Mounted(_mount(file_system, source, options))
            self._stack.callback(mounted.close)
            self._mounted[key] = mounted
        return self._mounted[key].tree

    def _opened_fat(self, file_system: FileSystem) -> Tree:
        if file_system not in self._fats:
            tree = FatTree(self._path, file_system.start, place=describe(file_system))
            self._stack.callback(tree.close)
            self._fats[file_system] = tree
        return self._fats[file_system]

    def _look_again(self) -> None:
        for tree in self._fats.values():
            tree.forget()

    def _place(self, volumes: Volumes, inside: Mapping[FileSystem, LogicalVolume]) -> Place:
        root = self.mounts[0].file_system
        uuid = f"root=UUID={root.uuid} ro" if root.uuid else "ro"
        return Place(
            mounts=tuple(self._block_mount(mount) for mount in self.mounts),
            nodes=(
                *(_partition_node(device, volumes, inside) for device in self._loop.devices),
                *(_volume_node(self._loop.device(item), item, inside[item]) for item in inside),
            ),
            kernel_arguments=uuid,
        )

    def _block_mount(self, mount: Mount) -> BlockMount:
        file_system = mount.file_system
        return BlockMount(
            path=mount.path,
            source=f"/dev/{self._loop.device(file_system).name}",
            kind=file_system.kind,
            options=_options(file_system.kind, subvolume_of(mount.options)),
            needed=file_system.kind != "vfat",
        )

    def trim(self) -> int:
        """Punch the free space of the file systems out of the image file; bytes."""
        return sum(_trim(mounted.fd) for mounted in self._mounted.values())

    def sync(self) -> None:
        """Have every write on the image file.

        Raises:
            HostError: ``host-no-space`` or ``host-disk-failed``; the image is not whole.
        """
        try:
            for mounted in self._mounted.values():
                syscalls.syncfs(mounted.fd)
            os.fsync(self._loop.fd)
            os.fsync(self._body)
        except OSError as error:
            raise self._sync_failure(error) from error

    def _sync_failure(self, error: OSError) -> HostError:
        room = os.fstatvfs(self._body)
        free = room.f_bavail * room.f_frsize
        if error.errno == errno.ENOSPC or free < _SCARCE:
            return HostError(
                "host-no-space",
                f"{self._path.parent} has {free >> 20} MiB left: the image could not be written",
                hint="make room, or write to another file system, and start again",
            )
        return HostError(
            "host-disk-failed",
            f"{self._path} could not be written: {error.strerror}",
            hint="look at the kernel's log (dmesg) for what happened to the disk",
        )

    def close(self) -> None:
        """Unmount everything and give the loop device back; safe to call twice."""
        self._stack.close()
        self._mounted.clear()
        self._fats.clear()


def require_root() -> None:
    """Refuse to mount anything without the right to.

    Raises:
        HostError: ``host-needs-root``.
    """
    if os.geteuid() != 0:
        raise HostError(
            "host-needs-root",
            "the host engine mounts file systems, which only root may do",
            hint="run with sudo, or use --engine appliance",
        )


def _options(kind: str, subvolume: str) -> tuple[tuple[str, str | None], ...]:
    """What a kind needs to be mounted beside a copy of itself, and the subvolume."""
    if kind == "xfs":
        return (("nouuid", None),)
    if kind == "btrfs" and subvolume:
        return (("subvol", subvolume),)
    return ()


def _mount(file_system: FileSystem, source: str, options: Options) -> int:
    try:
        return mount_detached(
            file_system.kind, source, options, attributes=HARMLESS | MOUNT_ATTR_NOATIME
        )
    except MountError as error:
        raise _mount_failure(file_system, error) from error


def _mount_failure(file_system: FileSystem, error: MountError) -> GuestError | HostError:
    place = describe(file_system)
    if error.errno == errno.ENODEV:
        return HostError(
            "host-file-system-unsupported",
            f"this host's kernel cannot mount {place}",
            hint=f"load the module ({file_system.kind}), or use --engine appliance",
        )
    if error.errno in _DAMAGED:
        return GuestError(
            "guest-file-system-corrupt",
            f"{place} cannot be mounted: {error.strerror}",
            hint="check the file system (fsck) where the image comes from, and copy it again",
        )
    return HostError(
        "host-mount-failed",
        f"{place} cannot be mounted: {error.strerror}",
        hint="in a container, run it privileged; or use --engine appliance",
    )


def _trim(fd: int) -> int:
    everything = bytearray(struct.pack("=QQQ", 0, (1 << 64) - 1, 0))
    with suppress(OSError):  # a file system or a host that cannot
        fcntl.ioctl(fd, _FITRIM, everything)
        trimmed: int = struct.unpack_from("=Q", everything, 8)[0]
        return trimmed
    return 0


def _partition_node(device: Device, volumes: Volumes, inside: Container[FileSystem]) -> Node:
    """A partition, or the whole disk, and the names below /dev that udev would give it."""
    uuids = (p.part_uuid for p in volumes.partitions if p.number == device.partition)
    links = [f"disk/by-partuuid/{_encoded(uuid)}" for uuid in uuids if uuid]
    for file_system in volumes.file_systems:
        if file_system.partition == device.partition and file_system not in inside:
            links += _links(file_system)
    return _node(device, links)


def _volume_node(device: Device, file_system: FileSystem, volume: LogicalVolume) -> Node:
    return _node(device, [f"mapper/{volume.mapped_name}", *_links(file_system)])


def _node(device: Device, links: Sequence[str]) -> Node:
    return Node(name=device.name, major=device.major, minor=device.minor, links=tuple(links))


def _links(file_system: FileSystem) -> list[str]:
    """The names by content (60-persistent-storage.rules)."""
    names = (("uuid", file_system.uuid), ("label", file_system.label))
    return [f"disk/by-{kind}/{_encoded(value)}" for kind, value in names if value]


def _encoded(value: str) -> str:
    """A name as udev makes a file name of it (systemd, encode_devnode_name)."""
    safe = "#+-.:=@_"
    return "".join(
        char if char.isascii() and (char.isalnum() or char in safe) else _escaped(char)
        for char in value
    )


def _escaped(char: str) -> str:
    data = char.encode("utf-8", "surrogateescape")
    if len(data) > 1:  # valid UTF-8 stays
        return char
    return f"\\x{data[0]:02x}"
