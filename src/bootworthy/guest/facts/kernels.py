"""The kernels that are installed and what each can do."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bootworthy.guest.facts import kernel_images
from bootworthy.guest.tree import Tree
from bootworthy.model.intent import Architecture

_MODULE_TREES = ("/usr/lib/modules", "/lib/modules")
_LEADING_NUMBERS = re.compile(r"\d+(?:\.\d+)*")
_RELEASE_PARTS = re.compile(r"\d+|[a-zA-Z]+")
_MODULE_FILE = re.compile(r".+\.ko(?:\.xz|\.zst|\.gz)?")

# Where a kernel's configuration is kept: Debian and Red Hat, then Fedora, then OSTree.
_CONFIGURATIONS = (
    "/boot/config-{release}",
    "{modules}/config",
    "/usr/lib/ostree-boot/config-{release}",
)

# Programs every guest of some kind has; the shell first. 64-bit ELF, e_machine: elf(5).
_PROGRAMS = (
    "/bin/sh",
    "/usr/bin/dash",
    "/usr/bin/bash",
    "/sbin/init",
    "/usr/lib/systemd/systemd",
    "/bin/busybox",
)
_ELF64 = b"\x7fELF\x02"
_MACHINES = {62: Architecture.X64, 183: Architecture.ARM64}


class ModuleState(StrEnum):
    """How a kernel has a driver."""

    BUILTIN = "built in"
    LOADABLE = "loadable"
    ABSENT = "absent"


def normalise(name: str) -> str:
    """A module's name as the kernel compares it: file suffixes off, ``-`` as ``_``."""
    base = name.rsplit("/", 1)[-1]
    return base.split(".ko", 1)[0].replace("-", "_")


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """One installed kernel.

    ``release`` is what ``uname -r`` would say. ``image`` and ``initramfs`` are paths in the guest,
    links followed, None when missing. ``loadable`` maps module names to paths relative to
    ``modules_dir`` in the order of modules.dep, ``needs`` a module to the modules it depends on,
    the one to load last first; ``config`` holds CONFIG_ names without the prefix, and is empty
    when the guest does not ship its kernel's configuration. ``copied_from`` is the image in /boot
    that ``initramfs`` is a copy of, where a boot loader reads a copy.
    """

    release: str
    modules_dir: str
    image: str | None
    initramfs: str | None
    loadable: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    builtin: frozenset[str]
    config: Mapping[str, str]
    copied_from: str | None = None

    @property
    def version(self) -> tuple[int, ...]:
        """The leading numbers of the release: 6.1.0-13-amd64 is (6, 1, 0)."""
        found = _LEADING_NUMBERS.match(self.release)
        # Longer runs of digits are no version, and int() refuses thousands of them.
        return tuple(int(part[:9]) for part in found[0].split(".")) if found else ()

    def module(self, name: str) -> ModuleState:
        """How this kernel has the driver ``name``."""
        wanted = normalise(name)
        if wanted in self.builtin:
            return ModuleState.BUILTIN
        return ModuleState.LOADABLE if wanted in self.loadable else ModuleState.ABSENT

    def with_dependencies(self, *names: str) -> tuple[str, ...]:
        """These loadable modules and all they need, dependencies first.

        Names that are built in, or that the kernel does not have at all, are left out.
        """
        done: dict[str, None] = {}
        opened: set[str] = set()
        pending = [normalise(name) for name in reversed(names)]
        while pending:
            name = pending[-1]
            if name in opened or self.module(name) is not ModuleState.LOADABLE:
                pending.pop()
                if name in opened:
                    done.setdefault(name)
                continue
            opened.add(name)
            pending += [need for need in self.needs.get(name, ()) if need not in opened]
        return tuple(done)


def read(tree: Tree) -> tuple[Kernel, ...]:
    """The kernels of the guest, newest first.

    A kernel is a directory below (/usr)/lib/modules that holds modules.dep or whose image is in
    /boot; a kernel image without modules counts too.
    """
    directories = dict(_module_directories(tree))
    images = kernel_images.find(tree, directories)
    releases = {
        release
        for release, directory in directories.items()
        if tree.is_file(f"{directory}/modules.dep")
    }
    newest_first = sorted(releases | images.keys(), key=release_order, reverse=True)
    return tuple(
        _kernel(tree, release, directories.get(release, ""), images.get(release))
        for release in newest_first
    )


def release_order(release: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts releases from old to new, as rpm and ``sort -V`` do for kernels.

    Numbers compare as numbers and come after words; a release candidate comes before its release.
    """
    parts = [_part_order(part) for part in _RELEASE_PARTS.findall(release)]
    return (*parts, (1, 0, ""))


def _part_order(part: str) -> tuple[int, int, str]:
    if part.isdigit():
        # A leading zero is no part of the value; the length decides before the digits do.
        digits = part.lstrip("0")
        return (3, len(digits), digits)
    return (0 if part == "rc" else 2, 0, part)


def _module_directories(tree: Tree) -> Iterator[tuple[str, str]]:
    for parent in _MODULE_TREES:
        for release in tree.names(parent):
            directory = f"{parent}/{release}"
            if tree.is_dir(directory):
                yield release, tree.resolve(directory)


def _kernel(
    tree: Tree, release: str, directory: str, image: kernel_images.KernelImage | None
) -> Kernel:
    dependencies = _dependencies(tree, directory)
    loadable: dict[str, str] = {}
    needs: dict[str, tuple[str, ...]] = {}
    for path, needed in dependencies:
        name = normalise(path)
        if name not in loadable:
            loadable[name] = path
            needs[name] = tuple(normalise(other) for other in needed)
    return Kernel(
        release=release,
        modules_dir=directory,
        image=image.path if image else None,
        initramfs=kernel_images.initramfs(tree, release, image),
        loadable=loadable,
        needs=needs,
        builtin=_builtin(tree, directory),
        config=_config(tree, release, directory),
    )


def _dependencies(tree: Tree, directory: str) -> Iterable[tuple[str, list[str]]]:
    """Modules and what they need, as paths below ``directory``, in the order of modules.dep."""
    if not directory:
        return []
    text = tree.text_or(f"{directory}/modules.dep")
    lines = (line.partition(":") for line in text.splitlines() if ":" in line)
    found = [
        (_relative(path, directory), [_relative(other, directory) for other in needed.split()])
        for path, _, needed in lines
    ]
    return found or [(path, []) for path in _module_files(tree, directory)]


def _relative(path: str, directory: str) -> str:
    # depmod of module-init-tools wrote absolute paths.
    marker = f"/lib/modules/{posixpath.basename(directory)}/"
    return path.rpartition(marker)[2].strip() if path.startswith("/") else path.strip()


def _module_files(tree: Tree, directory: str) -> Iterator[str]:
    """The module files themselves, for a kernel that depmod has not seen."""
    for path, _ in tree.walk(directory):
        if _MODULE_FILE.fullmatch(path):
            yield path[len(directory) + 1 :]


def _builtin(tree: Tree, directory: str) -> frozenset[str]:
    text = tree.text_or(f"{directory}/modules.builtin") if directory else ""
    return frozenset(normalise(line) for line in text.split())


def _config(tree: Tree, release: str, directory: str) -> dict[str, str]:
    paths = (path.format(release=release, modules=directory) for path in _CONFIGURATIONS)
    present = next((path for path in paths if tree.is_file(path)), None)
    if present is None:
        return {}
    lines = (line.partition("=") for line in tree.text(present).splitlines())
    return {
        name.removeprefix("CONFIG_"): value.strip().strip('"')
        for name, equals, value in lines
        if equals and name.startswith("CONFIG_")
    }


def architecture(tree: Tree) -> Architecture | None:
    """The architecture by the ELF header of the guest's own shell, None when unknown."""
    headers = (kernel_images.head(tree, program, 20) for program in _PROGRAMS)
    elf = next((header for header in headers if header.startswith(b"\x7fELF")), b"")
    if len(elf) < 20 or not elf.startswith(_ELF64):  # noqa: PLR2004 - e_machine ends there
        return None
    return _MACHINES.get(int.from_bytes(elf[18:20], "little"))
