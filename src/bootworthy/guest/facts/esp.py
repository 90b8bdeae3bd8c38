"""The EFI system partition: which EFI programs it holds, and for which machine.

Names are compared without case, as FAT does. Formats: PE/COFF (Microsoft PE Format) and the boot
paths of UEFI Specification 2.10, section 3.5.1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.intent import Architecture

MACHINE_FILE = {Architecture.X64: "BOOTX64.EFI", Architecture.ARM64: "BOOTAA64.EFI"}

# The machine types of the PE header.
_MACHINES = {0x8664: Architecture.X64, 0xAA64: Architecture.ARM64}

# The names under which shim looks for what it starts (shim's Makefile, DEFAULT_LOADER).
SECOND_STAGES = {Architecture.X64: "grubx64.efi", Architecture.ARM64: "grubaa64.efi"}

# shim keeps its vendor's certificate in a section of this name (shim's elf_x86_64_efi.lds).
_SHIM_SECTION = b".vendor_cert"

# systemd-boot, and the stub of unified images, leave their version here (systemd, src/boot).
_SYSTEMD_SECTION = b".sdmagic"
_KERNEL_SECTION = b".linux"

_HEADER_LIMIT = 4096
_MAX_SECTIONS = 96
_MAX_FILES = 2000

# Microsoft PE Format: a symbol has 18 bytes; the string table stands behind the symbols.
_SYMBOL = 18
_MAX_NAMES = 4096


@dataclass(frozen=True, kw_only=True)
class EfiProgram:
    """An EFI program; ``architecture`` is None when it is not a PE file for a machine we know.

    ``is_signed`` says that its certificate table is not empty, not whose signature it is.
    """

    path: str
    size: int
    architecture: Architecture | None
    is_shim: bool
    is_signed: bool = False
    is_systemd_boot: bool = False


@dataclass(frozen=True, kw_only=True)
class Esp:
    """The programs on the partition by their path in upper case."""

    programs: Mapping[str, EfiProgram]

    def program(self, path: str) -> EfiProgram | None:
        """The program at ``path``, whatever its case."""
        return self.programs.get(path.upper())

    @property
    def starts_systemd_boot(self) -> bool:
        """Whether firmware without variables starts systemd-boot."""
        first = (self.program(f"/EFI/BOOT/{name}") for name in MACHINE_FILE.values())
        return any(program.is_systemd_boot for program in first if program)

    @property
    def has_second_stage(self) -> bool:
        """Whether EFI/BOOT holds the boot loader that a shim there would start."""
        names = SECOND_STAGES.values()
        return any(self.program(f"/EFI/BOOT/{name}") for name in names)

    @property
    def vendor_folders(self) -> tuple[str, ...]:
        """Folders below EFI, other than BOOT, that hold programs; as they are spelled."""
        folders = (program.path.split("/") for program in self.programs.values())
        names = [parts[2] for parts in folders if len(parts) == 4]  # noqa: PLR2004 - /EFI/name/file
        return tuple(dict.fromkeys(name for name in names if name.upper() != "BOOT"))


def read(tree: Tree) -> Esp:
    """The programs of an EFI system partition's own tree."""
    found = {path.upper(): _program(tree, path, size) for path, size in _files(tree)}
    return Esp(programs=found)


def _files(tree: Tree) -> Iterator[tuple[str, int]]:
    root = next((f"/{name}" for name in tree.names("/") if name.upper() == "EFI"), None)
    if root is None:
        return
    for count, (path, status) in enumerate(tree.walk(root)):
        if count > _MAX_FILES:
            return
        if status.kind is Kind.FILE and path.upper().endswith(".EFI"):
            yield path, status.size


def _program(tree: Tree, path: str, size: int) -> EfiProgram:
    real = tree.resolve(path)
    machine, sections = read_header(lambda count, offset: tree.pread_at(real, count, offset))
    signed = has_certificates(tree.pread_at(real, _HEADER_LIMIT, 0))
    return EfiProgram(
        path=path,
        size=size,
        architecture=_MACHINES.get(machine),
        is_shim=_SHIM_SECTION in sections,
        is_signed=signed,
        is_systemd_boot=_SYSTEMD_SECTION in sections and _KERNEL_SECTION not in sections,
    )


def read_header(read: Callable[[int, int], bytes]) -> tuple[int, frozenset[bytes]]:
    """The machine type and the section names of a PE file; zero and none when it is not one.

    ``read`` gives bytes of the file by count and offset.
    """
    data = read(_HEADER_LIMIT, 0)
    if len(data) < 64 or data[:2] != b"MZ":  # noqa: PLR2004 - the DOS header's size
        return 0, frozenset()
    (start,) = struct.unpack_from("<I", data, 0x3C)
    if start + 24 > len(data) or data[start : start + 4] != b"PE\0\0":
        return 0, frozenset()
    machine, count, _, symbols, number, optional = struct.unpack_from("<HHIIIH", data, start + 4)
    table = start + 24 + optional
    starts = range(table, table + 40 * min(count, _MAX_SECTIONS), 40)
    short = [data[at : at + 8].rstrip(b"\0") for at in starts]
    strings = read(_MAX_NAMES, symbols + _SYMBOL * number) if symbols else b""
    return machine, frozenset(_long_name(name, strings) for name in short if name)


def has_certificates(header: bytes) -> bool:
    """Whether the fifth data directory of a PE file, the certificate table, has a size."""
    if len(header) < 64 or header[:2] != b"MZ":  # noqa: PLR2004 - the DOS header's size
        return False
    (start,) = struct.unpack_from("<I", header, 0x3C)
    # PE32+ has its directories 112 bytes into the optional header, which follows 24 bytes of COFF.
    place = start + 24 + 112 + 4 * 8
    if place + 8 > len(header) or header[start + 24 : start + 26] != b"\x0b\x02":
        return False
    offset, size = struct.unpack_from("<II", header, place)
    return bool(offset and size)


def _long_name(name: bytes, strings: bytes) -> bytes:
    """A section's name; one that does not fit is ``/`` and its place in the string table."""
    place = name[1:]
    if not name.startswith(b"/") or not place.isdigit():
        return name
    return strings[int(place) :].split(b"\0", 1)[0]
