"""The command that makes a file what Azure takes: it works as it is printed."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bootworthy.disk.anatomy import Anatomy
from bootworthy.disk.edit import refuse_loss
from bootworthy.disk.formats.raw import RawContainer
from bootworthy.disk.image import Image
from bootworthy.disk.sizes import MIB
from bootworthy.model.commands import argument, offered
from bootworthy.model.errors import ImageError
from bootworthy.work.edits import journal_of
from bootworthy.work.reopening import words_to_reopen

# A resize puts these right by itself.
_OF_SIZE = frozenset({"size-not-mib-aligned", "size-under-limit", "size-over-limit"})

# What is larger than an OS disk may be is sealed as a data disk before it is cut.
_ANY_SIZE = ("--target", "data-disk")


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What helps with the file of ``image``, of which the footers are in ``anatomy``.

    ``fitting`` is the size in bytes to give the disk where its own is out of Azure's limits.
    ``source_format`` and ``disk`` are what was said to open the image.
    """

    image: Image
    anatomy: Anatomy | None
    fitting: int | None = None
    source_format: str | None = None
    disk: str = ""

    def command(self, codes: Collection[str]) -> str:
        """The command, for a file with obstacles of these ``codes``."""
        container = self.image.container
        if journal_of(Path(container.path)).exists():
            return self._in_place()
        if self.fitting is not None:
            return self._resize(self.fitting, codes)
        if not isinstance(container, RawContainer) or container.file.is_device:
            return self._copy()
        if self.anatomy is not None:
            return self._in_place()
        return f"{self._copy()}, or without a copy: {self._in_place()}"

    def _resize(self, size: int, codes: Collection[str]) -> str:
        words = [self._path, "--size", f"{size // MIB}M"]
        first = ""
        if size < self.image.virtual_size:
            words.append("--shrink")
            first = "" if self._is_free_behind(size) else "shrink the last partition, then: "
        if self.anatomy is None:
            return first + offered("resize", *self._options, *words, "-o", self._output())
        # Until its footer is right it may be taken for a raw disk, of which the footer is a part.
        sealing = "" if _OF_SIZE.issuperset(codes) else f"{self._in_place(_ANY_SIZE)} && "
        return first + sealing + offered("resize", *words)

    def _is_free_behind(self, size: int) -> bool:
        try:
            with self._disk() as disk:
                refuse_loss(disk, size)
        except ImageError:
            return False
        return True

    def _disk(self) -> AbstractContextManager[Image]:
        """The disk without its footer, which would be data behind the partitions."""
        if self.anatomy is None:
            return nullcontext(self.image)
        file = self.image.container.file
        return Image.over_fd(file.fd, self.anatomy.place, path=file.path)

    def _copy(self) -> str:
        return offered("convert", *self._options, self._path, "-o", self._output())

    def _in_place(self, target: Sequence[str] = ()) -> str:
        named = ("--format", self.source_format or "") if self._format_counts else ()
        return offered("convert", "--in-place", *target, *named, self._path)

    @property
    def _path(self) -> str:
        return argument(self.image.container.path)

    @property
    def _format_counts(self) -> bool:
        # With a footer behind the disk it is a VHD, whatever it was taken for.
        return self.source_format is not None and self.anatomy is None

    @property
    def _options(self) -> tuple[str, ...]:
        return words_to_reopen(
            self.image.container,
            source_format=self.source_format if self._format_counts else None,
            disk=self.disk,
        )

    def _output(self) -> str:
        """A file that is not there yet, in the folder that the command is run in."""
        names = _names(Path(self.image.container.path).stem)
        return argument(next(name for name in names if not Path(name).exists()))


def _names(stem: str) -> Iterator[str]:
    yield f"{stem}.vhd"
    yield f"{stem}-fixed.vhd"
    yield from (f"{stem}-fixed-{number}.vhd" for number in itertools.count(2))
