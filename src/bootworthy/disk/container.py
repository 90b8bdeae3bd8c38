"""A disk image's file format: what every container offers, and how the right one is found."""

from __future__ import annotations

import importlib
import os
import pkgutil
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, cached_property
from types import TracebackType
from typing import ClassVar, Self

from bootworthy.disk import formats
from bootworthy.disk.extents import Extent, ExtentMap, Kind
from bootworthy.disk.hostfile import HostFile, open_host_file
from bootworthy.disk.plugged_in import formats_of_plugins
from bootworthy.disk.references import References
from bootworthy.disk.sizes import MAX_VIRTUAL_SIZE, MIB, TIB
from bootworthy.model.errors import ImageError, InternalError, UsageError
from bootworthy.model.events import Observer, ignore
from bootworthy.model.image import ContainerInfo

# What detection may look at: the first and the last bytes of the file.
_HEADER = 4096
_TAIL = 4096

# File systems read neighbouring blocks of one cluster again and again.
_CACHE_BYTES = 32 * MIB


class Container(ABC):
    """A virtual disk in a host file, read-only.

    ``file`` is closed with the container. Reading is safe from several threads at once.
    """

    format: ClassVar[str]
    """The format's name, as ``force_format`` takes it."""

    below_name: ClassVar[str] = "parent"
    """What the format calls the disk below."""

    origin: str = ""
    """The package that added the format; empty for ours."""

    def __init__(self, file: HostFile, virtual_size: int) -> None:
        if virtual_size > MAX_VIRTUAL_SIZE:
            raise ImageError(
                "image-too-large",
                f"the disk in {file.path} has {virtual_size} bytes, "
                f"more than the {MAX_VIRTUAL_SIZE // TIB} TiB supported",
                hint="Azure takes OS disks up to 4095 GiB",
            )
        self.file = file
        self.path = file.path
        self.virtual_size = virtual_size
        self.file_size = file.size
        self._owned = ExitStack()
        self._owned.callback(file.close)
        self._decoded = _DecodedUnits()
        self._lock = threading.Lock()

    @abstractmethod
    def map_extents(self) -> ExtentMap:
        """Read the format's tables; called once, when the map is first needed.

        Raises:
            ImageError: the tables are damaged, or the file ends before what they point to.
        """

    @cached_property
    def _map(self) -> ExtentMap:
        return self.map_extents()

    def extents(self) -> ExtentMap:
        """Where the bytes of the disk are.

        Raises:
            ImageError: the tables are damaged, or the file ends before what they point to.
        """
        with self._lock:
            return self._map

    def files(self) -> tuple[HostFile, ...]:
        """The host files that extents refer to by number."""
        return (self.file,)

    @property
    def other_files(self) -> tuple[HostFile, ...]:
        """Those that the image names, and that are opened only when that is allowed."""
        return tuple(file for file in self.files() if file is not self.file)

    def decode_unit(self, extent: Extent) -> bytes:
        """All that the ``stored`` bytes of an ENCODED extent decode to; for formats that have any.

        Raises:
            ImageError: ``image-corrupt``, when they do not decode.
        """
        raise InternalError("format-decodes-nothing", f"{self.format} has no encoded {extent}")

    def decode(self, extent: Extent) -> bytes:
        """The ``length`` bytes of the disk that an ENCODED extent stands for.

        Raises:
            ImageError: ``image-corrupt``, when they do not decode.
        """
        return self._slice(self.decode_unit(extent), extent)

    def _slice(self, unit: bytes, extent: Extent) -> bytes:
        if extent.skip == 0 and len(unit) == extent.length:
            return unit
        if len(unit) < extent.skip + extent.length:
            self.file.corrupt(f"compressed data at byte {extent.host} is too short")
        return unit[extent.skip : extent.skip + extent.length]

    def pread(self, offset: int, size: int) -> bytes:
        """``size`` bytes of the disk at ``offset``, fewer only at its end; holes are zeros.

        Raises:
            ImageError: the image is damaged there, or the host cannot read it.
        """
        size = min(size, self.virtual_size - offset)
        if size <= 0:
            return b""
        parts = [self._bytes_of(extent) for extent in self.extents().window(offset, size)]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def fill(self, view: memoryview, offset: int) -> None:
        """Fill ``view`` with the bytes of the disk at ``offset``, zeros behind its end.

        Memory used again and again saves what the kernel spends on giving out new one.

        Raises:
            ImageError: the image is damaged there, or the host cannot read it.
        """
        size = max(min(len(view), self.virtual_size - offset), 0)
        self._fill(view[:size], offset)
        view[size:] = bytes(len(view) - size)

    def _fill(self, view: memoryview, offset: int) -> None:
        if not len(view):
            return
        for extent in self.extents().window(offset, len(view)):
            part = view[extent.guest - offset : extent.end - offset]
            if extent.kind is Kind.DATA:
                self.files()[extent.file].fill(part, extent.host, "data")
            else:
                part[:] = self._bytes_of(extent)

    def _bytes_of(self, extent: Extent) -> bytes:
        if extent.kind is Kind.DATA:
            return self.files()[extent.file].pread_exact(extent.host, extent.length, "data")
        if extent.kind is Kind.ENCODED:
            return self._slice(self._decoded.get(extent, self.decode_unit), extent)
        return bytes(extent.length)

    @property
    def innermost(self) -> Container:
        """The container that is packed in no other: this one, or what it was unpacked to."""
        return self

    @property
    def below(self) -> Container | None:
        """The disk in another file that this one lies over; mostly none."""
        return None

    def lineage(self) -> tuple[tuple[str, str], ...]:
        """The disks below for ``details``, the nearest first."""
        below = self.below
        return () if below is None else ((self.below_name, below.path), *below.lineage())

    @property
    def member(self) -> str:
        """The name of the member that the disk is of an archive; empty for what is in none."""
        return ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how the image was read; mostly nothing."""
        return ()

    def details(self) -> tuple[tuple[str, str], ...]:
        """Format-specific words for people: name and value."""
        return ()

    def info(self) -> ContainerInfo:
        """The container in numbers, for reports."""
        notes = [("note", note) for note in self.notes]
        if self.origin:
            notes.append(("read by", self.origin))
        return ContainerInfo(
            path=self.path,
            format=self.format,
            virtual_size=self.virtual_size,
            file_size=self.file_size,
            details=(*self.details(), *notes),
        )

    def close(self) -> None:
        """Close every host file; safe to call twice."""
        self._owned.close()

    def __enter__(self) -> Self:
        """Use the container as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the container."""
        self.close()


class _DecodedUnits:
    """The units decoded last, up to 32 MiB of them."""

    def __init__(self) -> None:
        self._units: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, extent: Extent, decode: Callable[[Extent], bytes]) -> bytes:
        key = (extent.file, extent.host)
        with self._lock:
            if key in self._units:
                self._units.move_to_end(key)
                return self._units[key]
        unit = decode(extent)
        with self._lock:
            self._keep(key, unit)
        return unit

    def _keep(self, key: tuple[int, int], unit: bytes) -> None:
        if key in self._units:
            return
        self._units[key] = unit
        self._bytes += len(unit)
        while self._bytes > _CACHE_BYTES and len(self._units) > 1:
            self._bytes -= len(self._units.popitem(last=False)[1])


@dataclass(frozen=True, kw_only=True)
class Format:
    """A container format; the modules in ``formats`` offer them as FORMATS.

    ``name`` is what ``force_format`` takes, empty for what can only be recognised. ``detect`` gets
    the first 4 KiB, the last 4 KiB and the size of the file. Formats are asked in order of
    ``rank``. ``open`` takes the file over when it succeeds.
    """

    name: str
    rank: int
    detect: Callable[[bytes, bytes, int], bool]
    open: Callable[[HostFile, References], Container]


@cache
def known_formats() -> tuple[Format, ...]:
    """Every format there is, in the order of detection; raw, which is any, last.

    Raises:
        UsageError: ``plugin-broken``: a package adds one that cannot be used.
    """
    found: list[Format] = []
    for module in pkgutil.iter_modules(formats.__path__):
        for offered in importlib.import_module(f"{formats.__name__}.{module.name}").FORMATS:
            if not isinstance(offered, Format):
                raise InternalError("format-not-offered", f"{module.name} offers {offered!r}")
            found.append(offered)
    found += formats_of_plugins(Format, {fmt.name for fmt in found})
    return tuple(sorted(found, key=lambda fmt: (fmt.rank, fmt.name)))


def open_container(
    path: str | os.PathLike[str],
    *,
    allow_backing: bool = False,
    force_format: str | None = None,
    disk: str = "",
    observer: Observer = ignore,
) -> Container:
    """Open the disk image at ``path``, whatever its name, by what is in it.

    ``allow_backing`` lets it take data from other files in its own directory. ``force_format``
    names the format instead of finding it, for a raw disk that looks like something else. ``disk``
    names the one to take from an archive of several, or is its number, counted from 1.
    ``observer`` is told how far it is while the image is unpacked.

    Raises:
        ImageError: it is missing, unreadable, empty, damaged, encrypted or of a format that is
            not read, or it refers to other files.
        UsageError: ``format-unknown``, for a ``force_format`` there is no module for;
            ``disk-not-in-archive``, for a ``disk`` of what is no archive.
    """
    file = open_host_file(os.fspath(path))
    references = References.of(file, allowed=allow_backing, disk=disk, observer=observer)
    container = open_file(file, references, force_format)
    if disk and container.innermost is container:
        container.close()
        raise UsageError(
            "disk-not-in-archive", f"{path} is no archive with a disk {disk!r}", hint="name no disk"
        )
    return container


def open_file(file: HostFile, references: References, force_format: str | None = None) -> Container:
    """Open the disk image in ``file``, which is closed when that fails.

    Raises:
        ImageError: as ``open_container``.
        UsageError: as ``open_container``.
    """
    try:
        return _format_of(file, force_format).open(file, references)
    except BaseException:
        file.close()
        raise


def _format_of(file: HostFile, force_format: str | None) -> Format:
    if file.size == 0:
        raise ImageError(
            "image-empty", f"{file.path} is empty", hint="copy or download the image again"
        )
    if force_format is not None:
        return _named(force_format)
    header = file.pread(0, _HEADER)
    tail = file.pread(max(file.size - _TAIL, 0), _TAIL)
    return next(fmt for fmt in known_formats() if fmt.detect(header, tail, file.size))


def _named(name: str) -> Format:
    named = {fmt.name: fmt for fmt in known_formats() if fmt.name}
    if name in named:
        return named[name]
    names = ", ".join(sorted(named))
    raise UsageError("format-unknown", f"there is no image format {name!r}", hint=f"use {names}")
