"""What is inside an initramfs: any number of cpio archives, each plain or compressed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bootworthy.guest.facts import cpio
from bootworthy.guest.facts.boot_loaders import unified
from bootworthy.guest.facts.decompress import UnpackError, unpacker
from bootworthy.guest.facts.kernels import normalise
from bootworthy.guest.tree import Tree

# Fat images with graphics firmware have 300 MB; a rescue system packed as one, more.
_MAX_FILE = 768 << 20

_SMALL = 64 << 10
_KEPT = re.compile(
    r"init$|conf/|(?:etc|run|usr/lib|lib)/modprobe\.d/|etc/modules-load\.d/|etc/cmdline\.d/"
    r"|etc/lvm/|etc/(?:fstab|crypttab|cmdline|initrd-release)$|usr/lib/initrd-release$"
    r"|(?:usr/)?lib/dracut/[^/]*(?:\.txt|hostonly-files)$|config$|etc/booster\.init\.yaml$"
)
_MODULE = re.compile(r"((?:usr/)?lib/modules/([^/]+))/(?:.*/)?([^/]+\.ko(?:\.xz|\.zst|\.gz)?)")
_RELEASE = re.compile(r"(?:usr/)?lib/modules/([^/]+)/")

# booster loads what lies here and is named in its own configuration, nothing that was added later
# (generator/kmod.go, addModulesToImage); its configuration names the kernel.
_BOOSTER = "booster"
_BOOSTER_CONFIG = "etc/booster.init.yaml"
_FLAT_MODULE = re.compile(r"(?:usr/)?lib/modules/([^/]+\.ko)")
_BOOSTER_KERNEL = re.compile(r"^kernel:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)

# A file only this generator leaves inside, in the order they are looked for: dracut may run
# inside a distribution that also has the scripts of another.
_MARKERS = (
    ("dracut", re.compile(r"(?:usr/)?lib/dracut(?:/|-)|(?:usr/)?bin/dracut-")),
    ("initramfs-tools", re.compile(r"conf/(?:initramfs\.conf|arch\.conf)$|scripts/init-top/")),
    ("mkinitcpio", re.compile(r"(?:init_functions|buildconfig)$")),
    ("mkinitfs", re.compile(r"(?:usr/)?s?bin/nlplug-findfs$")),
    (_BOOSTER, re.compile(r"etc/booster\.init\.yaml$")),
    ("mkinitrd", re.compile(r"mkinitrd\.config$|config/start\.sh$")),
)


@dataclass(frozen=True, kw_only=True)
class Initramfs:
    """One initramfs, read from its own bytes.

    ``modules`` holds normalised module names found below lib/modules; ``modules_prefix`` the
    directory they are in (``usr/lib/modules/6.1.0`` or ``lib/modules/6.1.0``), empty when there
    are none. ``small_files`` holds the text of configuration files below 64 KiB (init, modprobe.d,
    conf/, etc/cmdline.d, etc/fstab, etc/crypttab). ``compression`` names each segment in order:
    ``plain``, ``gzip``, ``zstd``, ``xz``, ``lz4``, ``bzip2``, ``lzma``, ``lzo``. ``names`` has no
    leading ``/`` or ``./``. ``generator`` is empty when unknown. ``problem`` says why it could
    not be read to its end; what was read until then is there.
    """

    path: str
    size: int
    generator: str
    compression: tuple[str, ...]
    kernel_releases: tuple[str, ...]
    modules: frozenset[str]
    modules_prefix: str
    small_files: Mapping[str, str]
    names: frozenset[str]
    problem: str = ""

    def has_module(self, name: str) -> bool:
        """Whether the driver ``name`` is inside as a loadable module."""
        return normalise(name) in self.modules


def parse(data: bytes, path: str) -> Initramfs:
    """The initramfs in ``data``; never raises on hostile input, see ``Initramfs.problem``."""
    reading = _Reading(memoryview(data))
    problem = ""
    try:
        for entry in reading.entries():
            reading.add(entry)
    except (cpio.ArchiveError, UnpackError) as error:
        problem = str(error)
    if not reading.names and not problem:
        problem = "it holds no files" if data else "it is empty"
    return reading.result(path, problem)


def read(tree: Tree, path: str) -> Initramfs:
    """The initramfs at ``path`` of the guest, also one inside a unified kernel image.

    Raises:
        OSError: there is no such file.
    """
    size = tree.status(path).size
    if size > _MAX_FILE:
        return _Reading(memoryview(b"")).result(path, f"it is {size} bytes long, far too large")
    data = tree.read(path, limit=_MAX_FILE)
    if data.startswith(b"MZ"):
        view = memoryview(data)
        section = unified.sections(lambda count, at: data[at : at + count]).get(".initrd")
        inner = view[section.start : section.start + section.size] if section else b""
        return parse(bytes(inner), path)
    return parse(data, path)


@dataclass(frozen=True)
class Segment:
    """One compressed segment: where it lies in the file and how many bytes it unpacks to."""

    compression: str
    start: int
    end: int
    unpacked: int


def compressed_segments(data: bytes) -> tuple[Segment, ...]:
    """The compressed segments of an initramfs that ``parse`` reads without a problem."""
    reading = _Reading(memoryview(data))
    for _ in reading.entries():
        pass
    return tuple(reading.segments)


@dataclass
class _Reading:
    """An initramfs being read."""

    data: memoryview
    budget: cpio.Budget = field(default_factory=cpio.Budget)
    compression: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    flat_modules: set[str] = field(default_factory=set)
    prefixes: Counter[str] = field(default_factory=Counter)
    small_files: dict[str, str] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)

    def entries(self) -> Iterator[cpio.Entry]:
        """Every entry of every segment, as the kernel's unpack_to_rootfs finds them."""
        stream = cpio.ByteStream([self.data])
        inside_plain = False
        while stream.skip_zeros():
            if not stream.at_entry():
                inside_plain = False
                yield from self._compressed(stream)
                continue
            if not inside_plain:
                self.compression.append("plain")
            entry = cpio.read_entry(stream, self.budget, _is_kept)
            inside_plain = entry.name != cpio.TRAILER
            if inside_plain:
                yield entry

    def _compressed(self, stream: cpio.ByteStream) -> Iterator[cpio.Entry]:
        segment = unpacker(self.data[stream.offset :])
        if segment is None:
            raise cpio.ArchiveError(_unknown(stream))
        self.compression.append(segment.name)
        contents = cpio.ByteStream(segment, self.budget)
        yield from cpio.read_archive(contents, self.budget, _is_kept)
        start = stream.offset
        if not segment.consumed:
            raise cpio.ArchiveError(f"the {segment.name} data at offset {start} is empty")
        stream.skip(segment.consumed)
        self.segments.append(Segment(segment.name, start, stream.offset, contents.offset))

    def add(self, entry: cpio.Entry) -> None:
        """Note an entry; a later one of the same name replaces an earlier, as at boot."""
        name = cpio.clean_name(entry.name)
        self.names.add(name)
        if entry.data is not None:
            self.small_files[name] = entry.data.decode("utf-8", "surrogateescape")
        module = _MODULE.fullmatch(name) if entry.is_file else None
        if module:
            self.prefixes[module[1]] += 1
            self.modules.add(normalise(module[3]))
        elif entry.is_file and (flat := _FLAT_MODULE.fullmatch(name)):
            self.flat_modules.add(normalise(flat[1]))

    def result(self, path: str, problem: str) -> Initramfs:
        """What was read."""
        releases = {found[1] for name in self.names if (found := _RELEASE.match(name))}
        modules, generator = self.modules, _generator(self.names)
        if generator == _BOOSTER:
            modules = self.flat_modules
            releases = set(_BOOSTER_KERNEL.findall(self.small_files.get(_BOOSTER_CONFIG, "")))
        prefix = min(self.prefixes, key=lambda name: (-self.prefixes[name], name), default="")
        return Initramfs(
            path=path,
            size=len(self.data),
            generator=generator,
            compression=tuple(self.compression),
            kernel_releases=tuple(sorted(releases)),
            modules=frozenset(modules),
            modules_prefix=prefix,
            small_files=self.small_files,
            names=frozenset(self.names),
            problem=problem,
        )


def _unknown(stream: cpio.ByteStream) -> str:
    if stream.peek() == b"0":
        return f"what follows at offset {stream.offset} does not start at a multiple of four"
    return f"what is at offset {stream.offset} is neither a cpio archive nor compressed"


def _is_kept(name: str, size: int) -> bool:
    return size < _SMALL and _KEPT.match(cpio.clean_name(name)) is not None


def _generator(names: set[str]) -> str:
    found = (kind for kind, marker in _MARKERS if any(marker.match(name) for name in names))
    return next(found, "")
