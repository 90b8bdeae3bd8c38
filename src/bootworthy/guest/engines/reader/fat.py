"""FAT12, FAT16 and FAT32: what an EFI system partition is."""

from __future__ import annotations

import calendar
from collections.abc import Hashable, Iterator

from dissect.fat.fat import FAT, FATFS, DirectoryEntry

from bootworthy.guest.engines.reader.nodes import Stream, Volume
from bootworthy.guest.engines.reader.source import Window, Work
from bootworthy.guest.tree import Kind, Status

# What Linux shows where nothing else is asked for: fs/fat, uid=0,gid=0,umask=022.
_MODE = 0o755

# A chain's step costs a thousandth of reading a block; FAT32 has 2^28 clusters at most.
_STEPS_PER_UNIT = 1024

_FIRST_CLUSTER = 2

# include/uapi/linux/msdos_fs.h: CASE_LOWER_BASE, CASE_LOWER_EXT.
_LOWER_BASE = 0x08
_LOWER_EXTENSION = 0x10


class FatVolume(Volume[DirectoryEntry]):
    """A FAT; its nodes are directory entries."""

    ignores_case = True

    def __init__(self, window: Window) -> None:
        self._fs = FATFS(window)
        self._fs.fat = _BoundedFat(self._fs.fat, window.work)

    @property
    def root(self) -> DirectoryEntry:
        """The root directory."""
        return self._fs.root

    def identity(self, node: DirectoryEntry) -> Hashable:
        """The first cluster of a directory."""
        return int(node.cluster or 0)

    def status(self, node: DirectoryEntry) -> Status:
        """Status; FAT has neither owners nor modes."""
        if node.is_directory():
            return Status(Kind.DIRECTORY, _MODE, 0, 0, 0, 0)
        return Status(Kind.FILE, _MODE, 0, 0, node.size, _mtime(node))

    def entries(self, node: DirectoryEntry) -> Iterator[tuple[str, DirectoryEntry]]:
        """Long names where there are any; the volume's own label is not a file."""
        for entry in node.iterdir():
            if not entry.is_volume_id():
                yield _name(entry), entry

    def link(self, node: DirectoryEntry) -> str:
        """Never: FAT has no links."""
        raise ValueError(f"{node.name} is not a link")

    def content(self, node: DirectoryEntry) -> Stream:
        """Contents of a file."""
        stream: Stream = node.open()
        return stream


def _name(entry: DirectoryEntry) -> str:
    """The long name, or the short one in the case that Windows and Linux show it in."""
    if entry.ldirents:
        return str(entry.name)
    base, dot, extension = entry.name.partition(".")
    flags = entry.dirent.DIR_NTRes
    base = base.lower() if flags & _LOWER_BASE else base
    extension = extension.lower() if flags & _LOWER_EXTENSION else extension
    return f"{base}{dot}{extension}"


def _mtime(node: DirectoryEntry) -> int:
    try:
        return calendar.timegm(node.mtime.timetuple())
    except ValueError:  # no date, or a month 15
        return 0


class _BoundedFat:
    """A FAT whose chains may not be circles, joined to runs of neighbouring clusters."""

    def __init__(self, fat: FAT, work: Work) -> None:
        self._fat = fat
        self._work = work

    def runlist(self, cluster: int) -> Iterator[tuple[int, int]]:
        """Runs of data clusters as first cluster, counted from 0, and length."""
        start, length = None, 0
        for number in self._chain(cluster):
            if start is not None and number == start + length:
                length += 1
                continue
            if start is not None:
                yield start - _FIRST_CLUSTER, length
            start, length = number, 1
        if start is not None:
            yield start - _FIRST_CLUSTER, length

    def _chain(self, cluster: int) -> Iterator[int]:
        # The highest eight values end a chain and the one below them marks a bad cluster;
        # FAT32 uses 28 bits of an entry.
        last = (1 << min(self._fat.bits_per_entry, 28)) - 8
        for count in range(self._fat.entry_count):
            if not _FIRST_CLUSTER <= cluster < last - 1:
                raise ValueError(f"a chain leads to cluster {cluster}")
            if count % _STEPS_PER_UNIT == 0:
                self._work.spend()
            yield cluster
            cluster = self._fat.get(cluster)
            if cluster >= last:
                return
        raise ValueError("a chain of clusters is a circle")
