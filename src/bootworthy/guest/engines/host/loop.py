"""A disk image as a loop device whose partitions are the ones we read, gone with our process.

Nothing of it needs the kernel's or udev's help: not every kernel knows every partition table,
and in a container neither the partitions nor their nodes appear by themselves.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bootworthy.guest.engines.mounting import mount_detached
from bootworthy.model.errors import HostError
from bootworthy.model.image import FileSystem, Partition

# include/uapi/linux/loop.h
_LOOP_CONFIGURE = 0x4C0A
_LOOP_CTL_GET_FREE = 0x4C82
_LO_FLAGS_AUTOCLEAR = 4
_LO_FLAGS_PARTSCAN = 8
_SECTOR = 512

# include/uapi/linux/blkpg.h
_BLKPG = 0x1269
_BLKPG_ADD_PARTITION = 1

# Extended partitions only hold others; Linux gives them no room of their own.
_EXTENDED = frozenset({"05", "0f", "85"})

# Another process may take the device between asking for a free one and taking it.
_ATTEMPTS = 32

_SYSFS = Path("/sys/block")


@dataclass(frozen=True, slots=True)
class Device:
    """A block device: its name, its numbers, and the partition it is (0 for the whole disk)."""

    name: str
    major: int
    minor: int
    partition: int


class LoopDisk:
    """The disk in the open file ``body`` as block devices with private nodes.

    ``volumes`` are runs of the disk that are no partition and get a device of their own. The
    kernel takes everything away when the last descriptor closes, kill -9 included.

    Raises:
        HostError: ``host-needs-root`` or ``host-loop-unavailable``.
    """

    def __init__(
        self, body: int, partitions: Sequence[Partition], volumes: Sequence[FileSystem] = ()
    ) -> None:
        self._stack = ExitStack()
        try:
            options = (("mode", "0700"), ("size", "1m"))
            self._nodes = mount_detached("tmpfs", "nodes", options, attributes=0)
            self._stack.callback(os.close, self._nodes)
            self.fd, self._name = self._configured(body)
            self.devices = tuple(self._all_devices(partitions))
            self._volumes = {item: self._volume(body, item) for item in volumes}
        except OSError as error:
            self._stack.close()
            raise _unavailable(error) from error
        except BaseException:
            self._stack.close()
            raise

    def _configured(self, body: int, start: int = 0, size: int = 0) -> tuple[int, str]:
        control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
        try:
            for attempt in range(_ATTEMPTS):
                name = f"loop{fcntl.ioctl(control, _LOOP_CTL_GET_FREE)}"
                fd = self._open_node(self._make_node(name, _SYSFS / name, 0))
                try:
                    # While a device is locked, udev leaves it alone: no links by UUID appear on
                    # the host, and nothing mounts it (systemd, Block Device Locking).
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    fcntl.ioctl(fd, _LOOP_CONFIGURE, _configuration(body, start, size))
                except OSError as error:
                    os.close(fd)
                    if error.errno not in (errno.EBUSY, errno.EWOULDBLOCK):
                        raise
                    time.sleep(0.01 * attempt)
                    continue
                self._stack.callback(os.close, fd)
                return fd, name
        finally:
            os.close(control)
        raise OSError(errno.EBUSY, "every loop device was taken by another process")

    def _make_node(self, name: str, sysfs: Path, partition: int) -> Device:
        major, minor = map(int, (sysfs / "dev").read_text(encoding="ascii").split(":"))
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._nodes)
        os.mknod(name, stat.S_IFBLK | 0o600, os.makedev(major, minor), dir_fd=self._nodes)
        return Device(name, major, minor, partition)

    def _open_node(self, device: Device) -> int:
        return os.open(device.name, os.O_RDWR | os.O_CLOEXEC, dir_fd=self._nodes)

    def _all_devices(self, partitions: Sequence[Partition]) -> Iterator[Device]:
        disk = _SYSFS / self._name
        yield self._make_node(self._name, disk, 0)
        for partition in partitions:
            if partition.type_id.lower() in _EXTENDED:
                continue
            name = f"{self._name}p{partition.number}"
            self._add_partition(partition, disk / name)
            yield self._make_node(name, disk / name, partition.number)

    def _volume(self, body: int, volume: FileSystem) -> Device:
        _, name = self._configured(body, volume.start, volume.size)
        return self._make_node(name, _SYSFS / name, volume.partition)

    def _add_partition(self, partition: Partition, sysfs: Path) -> None:
        try:
            _ioctl_add(self.fd, partition)
        except OSError as error:
            # The kernel knows the table and was faster.
            if error.errno != errno.EBUSY or not _is_same(partition, sysfs):
                raise

    def device(self, file_system: FileSystem) -> Device:
        """The device of a file system: its volume, its partition, or the whole disk."""
        if file_system in self._volumes:
            return self._volumes[file_system]
        return next(item for item in self.devices if item.partition == file_system.partition)

    def path(self, file_system: FileSystem) -> str:
        """A path that only this process can use and that leads to the device."""
        return f"/proc/self/fd/{self._nodes}/{self.device(file_system).name}"

    def close(self) -> None:
        """Give the device back; what is still mounted keeps it until then."""
        self._stack.close()

    def __enter__(self) -> Self:
        """Use the disk as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the device back."""
        self.close()


def _configuration(body: int, start: int, size: int) -> bytes:
    """struct loop_config: descriptor, block size, struct loop_info64, eight reserved words.

    A size of 0 means all of the file.
    """
    information = bytearray(232)
    struct.pack_into("=QQ", information, 24, start, size)
    struct.pack_into("=I", information, 52, _LO_FLAGS_AUTOCLEAR | _LO_FLAGS_PARTSCAN)
    return struct.pack("=II", body, _SECTOR) + bytes(information) + bytes(64)


def _ioctl_add(disk: int, partition: Partition) -> None:
    """BLKPG with struct blkpg_ioctl_arg, which points to a struct blkpg_partition."""
    data = ctypes.create_string_buffer(
        struct.pack("=qqi64x64x4x", partition.start, partition.size, partition.number), 152
    )
    address = ctypes.addressof(data)
    argument = struct.pack("@iiiP", _BLKPG_ADD_PARTITION, 0, len(data), address)
    fcntl.ioctl(disk, _BLKPG, argument)


def _is_same(partition: Partition, sysfs: Path) -> bool:
    try:
        start, size = (int((sysfs / name).read_text("ascii")) for name in ("start", "size"))
    except OSError:
        return False
    return (start * _SECTOR, size * _SECTOR) == (partition.start, partition.size)


def _unavailable(error: OSError) -> HostError:
    if error.errno == errno.ENOSYS:
        return HostError(
            "host-kernel-too-old",
            "the host engine needs Linux 5.12 or newer, which mounts without a mount point",
            hint="use --engine appliance",
        )
    if error.errno in (errno.EPERM, errno.EACCES):
        return HostError(
            "host-needs-root",
            f"no loop device could be made: {error.strerror}",
            hint="run as root (in a container, privileged), or use --engine appliance",
        )
    return HostError(
        "host-loop-unavailable",
        f"no loop device could be made: {error.strerror}",
        hint="check that the kernel has the loop module (modprobe loop), or use --engine appliance",
    )
