"""Kernel modules put into an initramfs that is there already, without running guest programs.

The modules, what they depend on, and new index files for modprobe go to the end of the last
archive, which is then compressed again as it was. The kernel would take another archive behind
it just as well, and later files over earlier ones, but lsinitramfs, lsinitrd and cpio stop at the
first trailer, and an lz4 stream has no end that all kernels see (Linux 2c484419efc0).

Nothing has to be told to load drivers of devices: udev, and what stands in for it, asks modprobe
for the alias of each device it finds, and hv_vmbus itself has an ACPI alias. initramfs-tools also
loads what conf/modules lists, without waiting for a device; that is used where it is there.
dracut's own way of forcing a driver (rd.driver.pre in etc/cmdline.d) is left alone: it changes
the order in which drivers load.
"""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bootworthy.guest.editors import compress, module_index
from bootworthy.guest.facts import cpio, decompress, initramfs
from bootworthy.guest.facts.initramfs import Initramfs
from bootworthy.guest.facts.kernels import Kernel, ModuleState, normalise
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

_LOADED_AT_BOOT = "conf/modules"
_DIRECTORY = stat.S_IFDIR | 0o755
_FILE = stat.S_IFREG | 0o644

# The largest module of a distribution, a graphics driver unpacked, has 30 MB.
_MAX_MODULE = 128 << 20

# What has to be in memory twice to be compressed again; real ones unpack to 50 to 400 MB.
_MAX_REPACKED = 768 << 20

_MODULE_FILE = re.compile(r"(?:.*/)?[^/]+\.ko(\.xz|\.zst|\.gz)?")

# Soft dependencies may name other modules' soft dependencies in turn; real chains are two long.
_MAX_ROUNDS = 10


@dataclass(frozen=True, kw_only=True)
class Extended:
    """An initramfs with more modules in it; ``data`` is as it was when they all were inside.

    ``modules`` names what was added, dependencies included; ``absent`` what was wanted and is
    nowhere in the kernel.
    """

    data: bytes
    modules: tuple[str, ...]
    absent: tuple[str, ...]


def module_reader(tree: Tree, kernel: Kernel) -> Callable[[str], bytes]:
    """How to read the files below a kernel's modules directory in the guest."""

    def read(path: str) -> bytes:
        return tree.read(posixpath.join(kernel.modules_dir, path), limit=_MAX_MODULE)

    return read


def add_modules(
    data: bytes,
    image: Initramfs,
    kernel: Kernel,
    wanted: Iterable[str],
    read: Callable[[str], bytes],
    *,
    files: Mapping[str, str] = MappingProxyType({}),
) -> Extended:
    """Have the modules ``wanted`` inside the initramfs ``data``, which ``image`` describes.

    ``read`` gives a file below the kernel's modules directory (see ``module_reader``). ``files``
    are settings to have inside too, by their path there, in place of what is there. The same
    input gives the same bytes, and adding twice adds nothing.

    Raises:
        GuestError: ``initramfs-not-extendable``, when it could not be read whole, belongs to
            another kernel, holds modules this kernel does not have, or is too large;
            ``module-unreadable``, ``module-index-missing``.
    """
    if image.problem:
        raise _refused(image, image.problem)
    names = tuple(normalise(name) for name in wanted)
    absent = tuple(name for name in names if kernel.module(name) is ModuleState.ABSENT)
    changed = {name: text for name, text in files.items() if image.small_files.get(name) != text}
    complete = {name: text.encode("utf-8", "surrogateescape") for name, text in changed.items()}
    new: tuple[str, ...] = ()
    if kernel.with_dependencies(*names):
        inside = _modules_inside(image, kernel)
        index = _Index(read)
        new = _missing(kernel, names, inside, index)
        complete |= _module_tree(image, kernel, new, inside, index)
    if new:
        complete |= _loaded_at_boot(image, changed, [name for name in names if name in new])
    whole = _with(data, image, complete) if complete else data
    return Extended(data=whole, modules=new, absent=absent)


class _Index:
    """The kernel's own index files, each read once."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self.read = read
        self._texts: dict[str, str] = {}

    def text(self, name: str) -> str:
        """One file, empty when there is none."""
        if name not in self._texts:
            try:
                raw = self.read(name)
            except OSError:
                raw = b""
            self._texts[name] = raw.decode("utf-8", "surrogateescape")
        return self._texts[name]

    def soft_dependencies(self, name: str) -> list[str]:
        """What should be loaded before or after a module when it is there."""
        lines = (line.split() for line in self.text(module_index.SOFT_DEPENDENCIES).splitlines())
        words = [word for parts in lines if parts[1:2] == [name] for word in parts[2:]]
        return [word for word in words if not word.endswith(":")]

    def modules_of_alias(self, alias: str) -> list[str]:
        """The modules that claim an alias without wildcards, as crypto-crc32c is one."""
        wanted = module_index.normalise_alias(alias)
        lines = (line.split() for line in self.text(module_index.ALIASES).splitlines())
        return [
            parts[2]
            for parts in lines
            if len(parts) == 3 and module_index.normalise_alias(parts[1]) == wanted  # noqa: PLR2004
        ]


def _refused(image: Initramfs, reason: str) -> GuestError:
    return GuestError(
        "initramfs-not-extendable",
        f"{image.path}: no modules can be added, {reason}",
        hint="have the guest rebuild it with its own generator",
    )


def _module_tree(
    image: Initramfs,
    kernel: Kernel,
    new: tuple[str, ...],
    inside: Mapping[str, str],
    index: _Index,
) -> dict[str, bytes]:
    """The new modules and the index of all modules, by their paths inside."""
    if not new:
        return {}
    if not index.text(module_index.ALIASES):
        raise _without_index(kernel)
    modules = dict(_module_files(kernel, new, inside, index.read))
    paths = {**inside, **{name: path for name, (path, _) in modules.items()}}
    ordered = {name: paths[name] for name in kernel.loadable if name in paths}
    files = module_index.index_files(ordered, kernel.needs, index.text)
    files |= dict(modules.values())
    prefix = _prefix(image, kernel)
    return {f"{prefix}/{path}": contents for path, contents in files.items()}


def _without_index(kernel: Kernel) -> GuestError:
    return GuestError(
        "module-index-missing",
        f"{kernel.modules_dir} has no {module_index.ALIASES}",
        hint=f"run depmod {kernel.release} in the guest",
    )


def _prefix(image: Initramfs, kernel: Kernel) -> str:
    """The directory of the kernel's modules inside, which an image without any may have too."""
    directories = (f"usr/lib/modules/{kernel.release}", f"lib/modules/{kernel.release}")
    parents = {posixpath.dirname(name) for name in image.names} | image.names
    found = image.modules_prefix or next((d for d in directories if d in parents), "")
    if found not in directories:
        raise _refused(image, f"it has no place for modules of {kernel.release}")
    return found


def _modules_inside(image: Initramfs, kernel: Kernel) -> dict[str, str]:
    """Module names and their files below the modules directory inside."""
    prefix = _prefix(image, kernel) + "/"
    paths = sorted(name[len(prefix) :] for name in image.names if name.startswith(prefix))
    found = {normalise(path): path for path in paths if _MODULE_FILE.fullmatch(path)}
    unknown = sorted(found.keys() - kernel.loadable.keys())
    if unknown:
        raise _refused(image, f"it holds {unknown[0]}, which {kernel.release} does not have")
    return found


def _missing(
    kernel: Kernel, names: Iterable[str], inside: Mapping[str, str], index: _Index
) -> tuple[str, ...]:
    """What has to be added for these modules to load, dependencies first.

    That is also what added modules depend on softly (their checksums and ciphers, mostly).
    """
    wanted = list(names)
    found: tuple[str, ...] = ()
    for _ in range(_MAX_ROUNDS):
        needed = kernel.with_dependencies(*wanted)
        grown = tuple(name for name in needed if name not in inside)
        if len(grown) == len(found):
            break
        found = grown
        soft = (target for name in found for target in index.soft_dependencies(name))
        wanted += [other for target in soft for other in _meant(kernel, target, index)]
    return found


def _meant(kernel: Kernel, target: str, index: _Index) -> list[str]:
    if kernel.module(target) is ModuleState.ABSENT:
        return index.modules_of_alias(target)
    return [target]


def _module_files(
    kernel: Kernel, new: Iterable[str], inside: Mapping[str, str], read: Callable[[str], bytes]
) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Each new module's path inside and contents.

    Compressed modules stay so only where the image has such already: what loads them there may
    know no compression at all.
    """
    known = {match[1] for path in inside.values() if (match := _MODULE_FILE.fullmatch(path))}
    for name in new:
        path = kernel.loadable[name]
        match = _MODULE_FILE.fullmatch(path)
        suffix = (match[1] if match else None) or ""
        try:
            contents = read(path)
            if suffix and suffix not in known:
                path = path.removesuffix(suffix)
                contents = decompress.unpack(contents, _MAX_MODULE)
        except (OSError, decompress.UnpackError) as error:
            where = posixpath.join(kernel.modules_dir, path)
            raise GuestError("module-unreadable", f"{where} cannot be read: {error}") from error
        yield name, (path, contents)


def _loaded_at_boot(
    image: Initramfs, changed: Mapping[str, str], names: Iterable[str]
) -> dict[str, bytes]:
    """conf/modules of initramfs-tools with these names at its end."""
    if image.generator != "initramfs-tools":
        return {}
    text = changed.get(_LOADED_AT_BOOT, image.small_files.get(_LOADED_AT_BOOT))
    if text is None and _LOADED_AT_BOOT in image.names:
        return {}  # too large to have been kept; devices still load their drivers
    text = text or ""
    gap = "" if not text or text.endswith("\n") else "\n"
    whole = text + gap + "".join(f"{name}\n" for name in names)
    return {_LOADED_AT_BOOT: whole.encode("utf-8", "surrogateescape")}


def _entries(image: Initramfs, files: Mapping[str, bytes]) -> Iterator[tuple[str, int, bytes]]:
    """The files, with every directory that is not inside yet before what is in it."""
    known = set(image.names) | {""}
    for path in sorted(files):
        for directory in _missing_parents(path, known):
            known.add(directory)
            yield directory, _DIRECTORY, b""
        yield path, _FILE, files[path]


def _missing_parents(path: str, known: set[str]) -> list[str]:
    missing = []
    parent = posixpath.dirname(path)
    while parent not in known:
        missing.append(parent)
        parent = posixpath.dirname(parent)
    return missing[::-1]


def _with(data: bytes, image: Initramfs, files: Mapping[str, bytes]) -> bytes:
    """The whole initramfs with these files in it, in place of those of the same names."""
    archive = cpio.format_archive(_entries(image, files))
    if image.compression[-1:] == ("plain",):
        return data + bytes(-len(data) % 4) + archive
    last = initramfs.compressed_segments(data)[-1]
    if last.unpacked > _MAX_REPACKED:
        raise _refused(image, f"it unpacks to {last.unpacked >> 20} MiB")
    contents = decompress.unpack(data[last.start : last.end], _MAX_REPACKED)
    try:
        whole = cpio.without(contents, files.keys()) + archive
    except cpio.ArchiveError as error:
        raise _refused(image, str(error)) from error
    return data[: last.start] + compress.pack(last.compression, whole) + data[last.end :]
