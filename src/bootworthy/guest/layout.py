"""Which file system of an image holds its Linux, and where its fstab puts the others."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bootworthy.guest.engines.base import Mount
from bootworthy.guest.facts import fstab
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import BootworthyError, GuestError
from bootworthy.model.image import FileSystem, Partition

# What Linux keeps a root on; blkid's words.
_ROOT_KINDS = frozenset(
    {
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "btrfs",
        "f2fs",
        "bcachefs",
        "erofs",
        "squashfs",
        "jfs",
        "nilfs2",
    }
)
_FAT_KINDS = frozenset({"vfat"})
_MOUNTABLE_KINDS = _ROOT_KINDS | _FAT_KINDS | {"exfat", "ntfs", "iso9660", "udf"}
_VOLUME_KINDS = frozenset({"LVM2_member", "linux_raid_member"})
_LOCKED = "crypto_LUKS"
_WINDOWS_KINDS = frozenset({"ntfs", "BitLocker", "ReFS"})

# UEFI specification 2.10, table 5.7; the byte is the same thing in an MBR (section 5.2.2).
_ESP_TYPES = frozenset({"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "ef"})

# Extended boot loader partition: UAPI group, Discoverable Partitions Specification.
_XBOOTLDR_TYPES = frozenset({"bc13c2ff-59e6-4262-a352-b275fd6f7172"})

# Where installers of Ubuntu, Fedora and Debian put the root of btrfs, in this order.
_ROOT_SUBVOLUMES = ("@", "root", "@rootfs")


class OpenFileSystem(Protocol):
    """Opens a file system of the image.

    ``subvolume`` is a path from the top of btrfs, or empty for what is mounted by default.
    """

    def __call__(self, file_system: FileSystem, subvolume: str = "") -> Tree:
        """The tree of a file system.

        Raises:
            GuestError: it is corrupt, or this engine does not open it.
            HostError: this machine lacks what is needed to open it.
        """


Find = Callable[[str], FileSystem | None]
"""The file system that a first field of fstab means, None when it is not in the image."""


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """What an image offers to mount: its partitions, its file systems, and how one is named."""

    partitions: tuple[Partition, ...]
    file_systems: tuple[FileSystem, ...]
    find: Find

    @classmethod
    def of(cls, partitions: tuple[Partition, ...], file_systems: tuple[FileSystem, ...]) -> Volumes:
        """The volumes of a disk whose file systems are right in its partitions."""

        def find(spec: str) -> FileSystem | None:
            return fstab.find(spec, file_systems, partitions)

        return cls(partitions=partitions, file_systems=file_systems, find=find)

    def esp(self) -> FileSystem | None:
        """The EFI system partition's file system."""
        return self._typed(_ESP_TYPES, _FAT_KINDS)

    def extended_boot_loader(self) -> FileSystem | None:
        """The file system that systemd mounts at /boot without an entry in fstab."""
        return self._typed(_XBOOTLDR_TYPES, _ROOT_KINDS | _FAT_KINDS)

    def _typed(self, types: frozenset[str], kinds: frozenset[str]) -> FileSystem | None:
        numbers = {p.number for p in self.partitions if p.type_id.lower() in types}
        fitting = (fs for fs in self.file_systems if fs.kind in kinds and fs.partition in numbers)
        return next(fitting, None)


@dataclass(frozen=True, kw_only=True)
class Root:
    """A root file system: where it is and its open tree."""

    file_system: FileSystem
    tree: Tree
    subvolume: str = ""

    def __str__(self) -> str:
        """The root in words for people."""
        place = describe(self.file_system)
        return f"{place}, subvolume {self.subvolume}" if self.subvolume else place


def describe(file_system: FileSystem) -> str:
    """A file system in words for people: partition 2 (ext4, label root)."""
    names = [file_system.kind or "unknown contents"]
    if file_system.label:
        names.append(f"label {file_system.label}")
    place = f"partition {file_system.partition}" if file_system.partition else "the whole disk"
    return f"{place} ({', '.join(names)})"


def is_root(tree: Tree) -> bool:
    """Whether a tree is the root of a Linux.

    os-release(5) has to be in one of two places; before it there were fstab, passwd and sbin.
    """
    if any(_present(tree, path) for path in ("/etc/os-release", "/usr/lib/os-release")):
        return True
    old = all(tree.is_file(path) for path in ("/etc/fstab", "/etc/passwd"))
    return old and any(_present(tree, path) for path in ("/sbin", "/bin"))


def _present(tree: Tree, path: str) -> bool:
    # /etc/os-release may point to a /usr that is a file system of its own.
    return tree.is_link(path) or tree.exists(path)


def find_root(volumes: Volumes, open_fs: OpenFileSystem, selector: str | None = None) -> Root:
    """The root file system of the image, or the one that ``selector`` names.

    A selector is a partition's number, a device name (sda2, /dev/sda2), UUID=… or LABEL=….

    Raises:
        GuestError: ``guest-not-found``, ``guest-ambiguous``, ``guest-windows``,
            ``guest-encrypted-root``, ``guest-file-system-unsupported``, or what opening said.
        HostError: what opening said, when no other file system holds a Linux.
    """
    if selector is not None:
        return _selected_root(volumes, open_fs, selector)
    roots: list[Root] = []
    failure: BootworthyError | None = None
    for file_system in volumes.file_systems:
        if file_system.kind not in _ROOT_KINDS:
            continue
        try:
            roots += _roots_on(file_system, open_fs)
        except BootworthyError as error:
            failure = failure or error
    if len(roots) == 1:
        return roots[0]
    if roots:
        raise _ambiguous(roots)
    if failure and not any(fs.kind == _LOCKED for fs in volumes.file_systems):
        raise failure
    raise _no_root(volumes)


def _roots_on(file_system: FileSystem, open_fs: OpenFileSystem) -> Iterator[Root]:
    tree = open_fs(file_system)
    if is_root(tree):
        yield Root(file_system=file_system, tree=tree)
    elif file_system.kind == "btrfs":
        yield from _root_subvolume(file_system, tree, open_fs)


def _root_subvolume(file_system: FileSystem, top: Tree, open_fs: OpenFileSystem) -> Iterator[Root]:
    for name in _ROOT_SUBVOLUMES:
        if top.is_dir(f"/{name}") and is_root(tree := open_fs(file_system, name)):
            yield Root(file_system=file_system, tree=tree, subvolume=name)
            return


def _selected_root(volumes: Volumes, open_fs: OpenFileSystem, selector: str) -> Root:
    file_system = _selected(volumes, selector)
    if file_system is None:
        raise GuestError(
            "guest-not-found",
            f"--guest {selector} names no file system of the image: {_listed(volumes)}",
            hint="name a partition by its number, by device (sda2), or by UUID=… or LABEL=…",
        )
    for root in _roots_on(file_system, open_fs):
        return root
    raise GuestError(
        "guest-not-found",
        f"there is no Linux on {describe(file_system)}",
        hint="leave --guest out to look at every file system",
    )


def _selected(volumes: Volumes, selector: str) -> FileSystem | None:
    if selector.isdecimal():
        named = (fs for fs in volumes.file_systems if fs.partition == int(selector))
        return next(named, None)
    spec = selector if "=" in selector or "/" in selector else f"/dev/{selector}"
    return volumes.find(spec)


def _ambiguous(roots: Sequence[Root]) -> GuestError:
    places = "; ".join(str(root) for root in roots)
    return GuestError(
        "guest-ambiguous",
        f"the image holds {len(roots)} Linux systems: {places}",
        hint=f"choose one, for instance --guest {roots[0].file_system.partition}",
    )


def _listed(volumes: Volumes) -> str:
    return "; ".join(describe(fs) for fs in volumes.file_systems) or "it has none"


def _no_root(volumes: Volumes) -> GuestError:
    kinds = {fs.kind: fs for fs in volumes.file_systems}
    if locked := kinds.get(_LOCKED):
        return GuestError(
            "guest-encrypted-root",
            f"no Linux can be read: {describe(locked)} is encrypted",
            hint="decrypt the image first; Azure encrypts its disks by itself",
        )
    for kind in sorted(_VOLUME_KINDS & kinds.keys()):
        return GuestError(
            "guest-file-system-unsupported",
            f"the root seems to be inside {describe(kinds[kind])}, which is not opened here",
            hint="use --engine appliance, which opens LVM and RAID",
        )
    for kind in sorted(_WINDOWS_KINDS & kinds.keys()):
        return GuestError(
            "guest-windows",
            f"the image seems to hold Windows: {describe(kinds[kind])}",
            hint="bootworthy prepares Linux images",
        )
    return GuestError(
        "guest-not-found",
        f"there is no Linux in the image; its file systems: {_listed(volumes)}",
        hint="check that this is the disk with the root file system",
    )


def plan_mounts(root: Root, volumes: Volumes) -> tuple[Mount, ...]:
    """Which file system belongs where in the guest, the root first and parents before children.

    From the guest's fstab; what is not in the image (network, swap, other disks) is left out, as
    is what is mounted on demand outside of /boot and /efi.
    """
    entries = fstab.read(root.tree).entries
    planned: dict[str, Mount] = {}
    options: tuple[str, ...] = ()
    for entry in entries:
        path = posixpath.normpath(entry.mount_point)
        if path == "/":
            options = entry.options
        elif mount := _mount_of(entry, path, volumes):
            planned[path] = mount
    for mount in _discovered(root.tree, volumes):
        planned.setdefault(mount.path, mount)
    below = sorted(planned.values(), key=lambda mount: mount.path.split("/"))
    return (Mount(path="/", file_system=root.file_system, options=options), *below)


def _mount_of(entry: fstab.FstabEntry, path: str, volumes: Volumes) -> Mount | None:
    if entry.is_swap or not path.startswith("/") or entry.has("bind") or entry.has("rbind"):
        return None
    if entry.has("noauto") and path.split("/")[1] not in ("boot", "efi"):
        return None
    file_system = volumes.find(entry.spec)
    if file_system is None or file_system.kind not in _MOUNTABLE_KINDS:
        return None
    if entry.has("subvolid") and not entry.has("subvol"):
        return None
    return Mount(path=path, file_system=file_system, options=entry.options)


def _discovered(tree: Tree, volumes: Volumes) -> Iterator[Mount]:
    """What systemd-gpt-auto-generator(8) mounts by partition type, on empty directories only."""
    if (boot := volumes.extended_boot_loader()) and _is_empty(tree, "/boot"):
        yield Mount(path="/boot", file_system=boot)
    if esp := volumes.esp():
        for path in ("/efi", "/boot"):
            if _is_empty(tree, path) and (path == "/efi" or boot is None):
                yield Mount(path=path, file_system=esp)
                return


def _is_empty(tree: Tree, path: str) -> bool:
    return tree.kind(path) is Kind.DIRECTORY and not tree.names(path)


def subvolume_of(options: Sequence[str]) -> str:
    """The btrfs subvolume that mount options ask for; empty for the default."""
    named = (word.partition("=")[2] for word in options if word.startswith("subvol="))
    return next(named, "").strip("/")
