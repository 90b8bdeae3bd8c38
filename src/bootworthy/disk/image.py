"""A disk image taken apart: container, partition table, file systems and boot code."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from bootworthy.disk import generation, superblocks
from bootworthy.disk.container import Container, open_container
from bootworthy.disk.formats import raw
from bootworthy.disk.generation import BootCode
from bootworthy.disk.mbr import SIGNATURE
from bootworthy.disk.partition_types import PROTECTIVE, is_extended
from bootworthy.disk.partitions import PartitionTable, read_table
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.errors import ImageError
from bootworthy.model.events import Observer, ignore
from bootworthy.model.image import ContainerInfo, FileSystem, ImageInfo, TableKind
from bootworthy.model.intent import Generation


class Image:
    """An open disk image; its parts are read once, when first asked for.

    Make a new one after the disk was changed. The container is closed with the image.
    """

    def __init__(self, container: Container) -> None:
        self.container = container

    @classmethod
    def over_fd(cls, fd: int, size: int, *, path: str = "") -> Self:
        """The raw disk of ``size`` bytes behind ``fd``, which stays the caller's.

        Raises:
            ImageError: ``image-truncated`` when the file is shorter than that.
        """
        return cls(raw.over_fd(fd, size, path=path or str(Path(f"/proc/self/fd/{fd}").readlink())))

    @property
    def virtual_size(self) -> int:
        """The size of the disk in bytes."""
        return self.container.virtual_size

    def pread(self, offset: int, size: int) -> bytes:
        """``size`` bytes of the disk at ``offset``, fewer only at its end.

        Raises:
            ImageError: the image is damaged there, or the host cannot read it.
        """
        return self.container.pread(offset, size)

    @cached_property
    def table(self) -> PartitionTable:
        """The partition table; of kind NONE when a file system takes the whole disk."""
        table = read_table(self.pread, self.virtual_size)
        if not table.partitions and table.kind is TableKind.MBR and self._whole_disk.kind:
            return PartitionTable(kind=TableKind.NONE)
        return table

    @cached_property
    def _whole_disk(self) -> FileSystem:
        return superblocks.identify(self.pread, partition=0, start=0, size=self.virtual_size)

    @cached_property
    def file_systems(self) -> tuple[FileSystem, ...]:
        """What each partition carries, ``kind`` empty where that is unknown.

        Without partitions, what the whole disk carries, as partition 0, when that is known.
        """
        if not self.table.partitions:
            return (self._whole_disk,) if self._whole_disk.kind else ()
        return tuple(
            superblocks.identify(
                self.pread, partition=part.number, start=part.start, size=part.size
            )
            for part in self.table.partitions
            if not is_extended(part) and part.type_id != PROTECTIVE
        )

    @cached_property
    def boot_code(self) -> BootCode:
        """What a BIOS would run from the first sector."""
        return generation.read_boot_code(self.pread, self.virtual_size, self.table)

    @cached_property
    def generations(self) -> frozenset[Generation]:
        """The generations of machines that can start the disk."""
        return generation.generations(self.boot_code, self.table)

    @property
    def is_disk(self) -> bool:
        """Whether there is any sign of a disk: a table, a file system or a boot sector."""
        has_table = self.table.kind is not TableKind.NONE
        return has_table or bool(self.file_systems) or self._is_signed

    @property
    def _is_signed(self) -> bool:
        return self.pread(0, SECTOR)[510:512] == SIGNATURE

    def info(self) -> ImageInfo:
        """The image in numbers, for reports."""
        container: ContainerInfo = self.container.info()
        return ImageInfo(
            container=container,
            table=self.table.kind,
            partitions=self.table.partitions,
            file_systems=self.file_systems,
            generations=tuple(sorted(int(generation) for generation in self.generations)),
        )

    def close(self) -> None:
        """Close the container; safe to call twice."""
        self.container.close()

    def __enter__(self) -> Self:
        """Use the image as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the image."""
        self.close()


def open_image(
    path: str | os.PathLike[str],
    *,
    allow_backing: bool = False,
    force_format: str | None = None,
    disk: str = "",
    observer: Observer = ignore,
) -> Image:
    """Open the disk image at ``path`` and take it apart; arguments as ``open_container``.

    Raises:
        ImageError: as ``open_container``; ``image-not-a-disk`` when a raw file shows no sign of
            being one; ``image-truncated`` when the disk ends before its partitions do.
    """
    container = open_container(
        path,
        allow_backing=allow_backing,
        force_format=force_format,
        disk=disk,
        observer=observer,
    )
    image = Image(container)
    try:
        _refuse_other_files(image)
        _refuse_truncated(image)
    except BaseException:
        image.close()
        raise
    return image


def _refuse_other_files(image: Image) -> None:
    """Any file can be taken for a raw disk, so a raw disk has to show that it is one."""
    if image.container.innermost.format == "raw" and not image.is_disk:
        raise ImageError(
            "image-not-a-disk",
            f"{image.container.path} is no disk image: it has no partition table, "
            "no file system and no boot sector",
            hint="name the disk image itself",
        )


def _refuse_truncated(image: Image) -> None:
    """A raw disk says nowhere how long it was, except by its partitions."""
    beyond = [part for part in image.table.partitions if part.end > image.virtual_size]
    if beyond:
        last = max(beyond, key=lambda part: part.end)
        raise ImageError(
            "image-truncated",
            f"the disk in {image.container.path} ends at byte {image.virtual_size}, "
            f"but its partition {last.number} reaches to byte {last.end}",
            hint="the file is not whole: copy or download it again",
        )
