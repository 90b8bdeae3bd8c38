"""An image's guest inside the appliance: safe for images nobody trusts, and without root."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from bootworthy.guest.engines.appliance.client import ApplianceClient
from bootworthy.guest.engines.appliance.nbd import NbdServer
from bootworthy.guest.engines.appliance.runner import ApplianceRunner
from bootworthy.guest.engines.appliance.tree import ApplianceTree, Known, ReadOnlyApplianceTree
from bootworthy.guest.engines.assembly import assemble
from bootworthy.guest.engines.base import DiskImage, Runner, Session
from bootworthy.guest.facts import fstab
from bootworthy.guest.layout import Volumes, describe, subvolume_of
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError, HostError, InternalError
from bootworthy.model.events import Observer, StepFinished, StepStarted, ignore
from bootworthy.model.image import FileSystem

_VOLUME_KINDS = frozenset({"LVM2_member", "linux_raid_member"})
_STARTING = "starting the appliance"


class ApplianceSession(Session):
    """The guest of ``image`` in a machine of its own; to write, a raw disk changed in place.

    A disk that is only read is attached as an overlay, which is thrown away: what a file system
    replays from its journal never reaches it. QEMU is never left to guess a format.

    Raises:
        GuestError: there is no guest, or several, or a file system is corrupt.
        HostError: ``host-libguestfs-missing``, ``host-kernel-unreadable``,
            ``host-appliance-failed`` or ``host-tool-missing``.
    """

    engine = "appliance"

    def __init__(
        self,
        image: DiskImage,
        *,
        writable: bool,
        guest: str | None = None,
        observer: Observer = ignore,
    ) -> None:
        self._image = image
        self._is_writable = writable
        self._stack = ExitStack()
        self._places: dict[tuple[FileSystem, str], str] = {}
        self._devices: dict[FileSystem, str] = {}
        self._known = Known()
        try:
            directory = tempfile.TemporaryDirectory(
                prefix="bootworthy-", ignore_cleanup_errors=True
            )
            self._stack.enter_context(directory)
            self._client = self._started(Path(directory.name), observer)
            self._stack.callback(self._client.kill)
            volumes = self._volumes()
            assembled = assemble(volumes, self._opened, guest, observer)
        except BaseException:
            self._stack.close()
            raise
        self.root = assembled.root
        self.mounts = assembled.mounts
        self._tree = assembled.tree
        self._esp = assembled.esp
        self._runner = self._make_runner(observer) if writable else None

    def _started(self, directory: Path, observer: Observer) -> ApplianceClient:
        observer(StepStarted(_STARTING))
        path, kind = self._attached(directory)
        client = ApplianceClient(path, format=kind, network=self._is_writable, directory=directory)
        observer(StepFinished(_STARTING, client.seconds))
        return client

    def _attached(self, directory: Path) -> tuple[Path, str]:
        """What QEMU opens: the disk itself by a name without surprises, or an overlay on it."""
        is_raw = self._image.container.format == "raw"
        disk = directory / "disk"
        disk.symlink_to(os.path.realpath(self._image.container.path))
        if self._is_writable:
            if not is_raw:
                path = self._image.container.path
                raise InternalError("engine-needs-raw", f"{path} is not a raw disk")
            return disk, "raw"
        backing = str(disk)
        if not is_raw:
            server = NbdServer(self._image.pread, self._image.virtual_size, directory)
            self._stack.callback(server.close)
            backing = f"nbd+unix:///?socket={quote(str(server.path))}"
        overlay = directory / "overlay.qcow2"
        _make_overlay(backing, overlay)
        return overlay, "qcow2"

    def _volumes(self) -> Volumes:
        """The file systems of the partitions, and those of what only the appliance opens."""
        image = self._image
        file_systems = image.file_systems
        names: dict[str, FileSystem] = {}
        for file_system in file_systems:
            number = file_system.partition or ""
            self._devices[file_system] = f"/dev/sda{number}"
        holders = [fs for fs in file_systems if fs.kind in _VOLUME_KINDS]
        if holders:
            inside = self._inside(holders[0], names)
            file_systems = (*(fs for fs in file_systems if fs not in holders), *inside)
        partitions = image.table.partitions

        def find(spec: str) -> FileSystem | None:
            return names.get(spec) or fstab.find(spec, file_systems, partitions)

        return Volumes(partitions=partitions, file_systems=file_systems, find=find)

    def _inside(self, holder: FileSystem, names: dict[str, FileSystem]) -> tuple[FileSystem, ...]:
        found, _ = self._client.call("volumes")
        for volume in found:
            file_system = FileSystem(
                partition=holder.partition,
                start=0,
                size=volume["size"],
                kind=volume["kind"],
                uuid=volume["uuid"],
                label=volume["label"],
            )
            device = volume["device"]
            self._devices[file_system] = device
            names |= dict.fromkeys((device, _mapped(device)), file_system)
        return tuple(names[volume["device"]] for volume in found)

    def _opened(self, file_system: FileSystem, subvolume: str = "") -> Tree:
        key = (file_system, subvolume)
        if key not in self._places:
            place = f"/fs{len(self._places)}"
            self._mount(file_system, subvolume, place)
            self._places[key] = place
        place = self._places[key]
        if not self._is_writable:
            return ReadOnlyApplianceTree(self._client, self._known, place)
        plain = file_system.kind == "vfat"
        return ApplianceTree(self._client, self._known, place, plain=plain)

    def _mount(self, file_system: FileSystem, subvolume: str, place: str) -> None:
        options = [f"subvol={subvolume}"] if subvolume else []
        options += ["nouuid"] if file_system.kind == "xfs" else []
        options += ["noatime"]
        try:
            self._client.call(
                "mount",
                device=self._devices[file_system],
                at=place,
                options=",".join(options),
            )
        except (HostError, OSError) as error:
            raise GuestError(
                "guest-file-system-corrupt",
                f"{describe(file_system)} cannot be mounted: {error}",
                hint="check the file system (fsck) where the image comes from",
            ) from error

    def _make_runner(self, observer: Observer) -> Runner:
        root = self.mounts[0].file_system
        places = [
            (self._places[mount.file_system, subvolume_of(mount.options)], mount.path)
            for mount in self.mounts
        ]
        return ApplianceRunner(
            self._client,
            self.writable,
            places,
            self._known,
            kernel_arguments=f"root=UUID={root.uuid} ro" if root.uuid else "ro",
            observer=observer,
        )

    @property
    def tree(self) -> Tree:
        """The read plane, and the write plane when that was asked for."""
        return self._tree

    @property
    def runner(self) -> Runner | None:
        """Programs run in the appliance when the session writes."""
        return self._runner

    def esp(self) -> Tree | None:
        """The EFI system partition's own tree."""
        return self._esp

    def trim(self) -> int:
        """Give free space back to the image file; how much is not known."""
        self._client.call("trim")
        return 0

    def sync(self) -> None:
        """Have every write on the image file.

        Raises:
            HostError: ``host-appliance-failed``, ``host-no-space`` or ``host-disk-failed``; the
                image is not whole.
        """
        path = self._image.container.path
        try:
            self._client.call("sync")
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise HostError(
                "host-disk-failed",
                f"{path} could not be written: {error.strerror}",
                hint="look at the kernel's log (dmesg) for what happened to the disk",
            ) from error

    def close(self) -> None:
        """Unmount and stop the appliance; safe to call twice.

        Raises:
            HostError: the disk could not be written to the end; the image is not whole.
        """
        with self._stack:
            self._client.end()


def _mapped(device: str) -> str:
    """The name that device-mapper gives /dev/VG/LV: dashes in either are doubled."""
    parts = device.removeprefix("/dev/").split("/")
    return "/dev/mapper/" + "-".join(part.replace("-", "--") for part in parts)


def _make_overlay(backing: str, overlay: Path) -> None:
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", backing, str(overlay)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise HostError(
            "host-tool-missing",
            "qemu-img is needed to show an image to the appliance and is not installed",
            hint="apt install qemu-utils, or dnf install qemu-img",
        ) from error
    if done.returncode:
        raise HostError(
            "host-appliance-failed",
            f"no overlay could be made: {done.stderr.strip()[-300:]}",
            hint="check that there is room in the directory for temporary files",
        )
