"""An image's guest, read-only, without mounting anything."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from bootworthy.guest.engines.assembly import assemble
from bootworthy.guest.engines.base import DiskImage, Session
from bootworthy.guest.engines.reader.nodes import READ_WORK, NodeTree, Volume, guarded, unsupported
from bootworthy.guest.engines.reader.source import Window
from bootworthy.guest.engines.volumes import volumes_of
from bootworthy.guest.layout import describe
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import HostError
from bootworthy.model.events import Observer, ignore
from bootworthy.model.image import FileSystem

_PARSERS = {
    "ext2": ("ext", "ExtVolume"),
    "ext3": ("ext", "ExtVolume"),
    "ext4": ("ext", "ExtVolume"),
    "xfs": ("xfs", "XfsVolume"),
    "btrfs": ("btrfs", "BtrfsVolume"),
    "vfat": ("fat", "FatVolume"),
}


def is_installed() -> bool:
    """Whether the parsers, an extra of this package, are there."""
    try:
        _parser("ext4")
    except HostError:
        return False
    return True


def _parser(kind: str) -> Callable[..., Volume[object]]:
    module, name = _PARSERS[kind]
    try:
        found = import_module(f"bootworthy.guest.engines.reader.{module}")
    except ImportError as error:
        raise HostError(
            "host-reader-missing",
            f"the reader engine is not installed: {error}",
            hint="pip install 'bootworthy[reader]', or use --engine appliance",
        ) from error
    volume: Callable[..., Volume[object]] = getattr(found, name)
    return volume


class ReaderSession(Session):
    """A guest read in user space.

    Raises:
        GuestError: there is no guest, or several, or a file system is corrupt or unknown.
        HostError: ``host-reader-missing``.
    """

    engine = "reader"

    def __init__(
        self, image: DiskImage, *, guest: str | None = None, observer: Observer = ignore
    ) -> None:
        self._image = image
        self._open: dict[tuple[FileSystem, str], Tree] = {}
        volumes, _ = volumes_of(image)
        assembled = assemble(volumes, self._opened, guest, observer)
        self.root = assembled.root
        self.mounts = assembled.mounts
        self._tree = assembled.tree
        self._esp = assembled.esp

    @property
    def tree(self) -> Tree:
        """The read plane."""
        return self._tree

    def esp(self) -> Tree | None:
        """The EFI system partition's own tree."""
        return self._esp

    def close(self) -> None:
        """Forget what was read; the image stays open."""
        self._open.clear()

    def _opened(self, file_system: FileSystem, subvolume: str = "") -> Tree:
        key = (file_system, subvolume)
        if key not in self._open:
            self._open[key] = open_file_system(self._image, file_system, subvolume)
        return self._open[key]


def open_file_system(image: DiskImage, file_system: FileSystem, subvolume: str = "") -> Tree:
    """The tree of one file system.

    Raises:
        GuestError: ``guest-file-system-corrupt`` or ``guest-file-system-unsupported``.
        HostError: ``host-reader-missing``.
    """
    place = describe(file_system)
    if file_system.kind not in _PARSERS:
        raise unsupported(place, f"{file_system.kind or 'what it holds'} is not known")
    parser = _parser(file_system.kind)
    window = Window(image.pread, file_system.start, file_system.size)
    with guarded(place), window.work.limit(READ_WORK):
        volume = parser(window, subvolume) if subvolume else parser(window)
    return NodeTree(volume, window.work, place)
