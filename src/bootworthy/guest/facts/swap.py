"""Where the guest would swap: fstab, systemd units, and swap files lying about."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.editors.ini_file import IniFile
from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.facts.fstab import Fstab
from bootworthy.guest.facts.services import Services, UnitState
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place


@dataclass(frozen=True, kw_only=True)
class SwapFile:
    """A file of the guest with a swap signature; ``size`` in bytes."""

    path: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Swap:
    """Swap files found, and unit files that start swap, with what they swap on."""

    files: tuple[SwapFile, ...]
    units: tuple[Place, ...]


# include/linux/swap.h, union swap_header: the signature ends the first page, whose size is that of
# the machine that made it (4, 8, 16 or 64 KiB).
_SIGNATURES = (b"SWAPSPACE2", b"SWAP-SPACE")
_PAGE_SIZES = (4096, 8192, 16384, 65536)
_SIGNATURE_SIZE = 10

# Where installers and manuals put it: Ubuntu's /swap.img and /swapfile, dphys-swapfile's
# /var/swap, btrfs' own directory, and the agent's file on the temporary disk (article, 7.4).
_CANDIDATES = (
    "/swapfile*",
    "/swap.img",
    "/swap",
    "/swap/*",
    "/var/swap",
    "/var/swap/*",
    "/var/swapfile",
    "/var/lib/swap*",
    "/mnt/swapfile",
    "/mnt/resource/swapfile",
)
_DPHYS = "/etc/dphys-swapfile"


def read(tree: Tree, fstab: Fstab) -> Swap:
    """Swap files and units of the guest (partitions are facts of the image)."""
    units = tuple(_units(tree))
    named = [entry.spec for entry in fstab.swap if entry.spec.startswith("/")]
    named += [unit.within for unit in units if unit.within.startswith("/")]
    found = [path for pattern in (*_CANDIDATES, *_dphys(tree)) for path in tree.glob(pattern)]
    files = {tree.resolve(path): None for path in [*found, *named] if tree.is_file(path)}
    return Swap(
        files=tuple(
            SwapFile(path=path, size=tree.status(path).size)
            for path in sorted(files)
            if _has_signature(tree, path)
        ),
        units=units,
    )


def _has_signature(tree: Tree, path: str) -> bool:
    status = tree.lstat_at(path)
    offsets = (size - _SIGNATURE_SIZE for size in _PAGE_SIZES if size <= status.size)
    return status.kind is Kind.FILE and any(
        tree.pread_at(path, _SIGNATURE_SIZE, offset) in _SIGNATURES for offset in offsets
    )


def _units(tree: Tree) -> Iterator[Place]:
    services = Services(tree)
    names = {
        posixpath.basename(path)
        for directory in ("/etc/systemd/system", "/usr/local/lib/systemd/system")
        for path in tree.glob(f"{directory}/*.swap")
    }
    names |= {posixpath.basename(p) for p in tree.glob("/usr/lib/systemd/system/*.swap")}
    for name in sorted(names):
        unit = services.unit(name)
        if unit.state is UnitState.ENABLED:
            yield Place(unit.path, within=_what(tree, unit.path))


def _what(tree: Tree, path: str) -> str:
    try:
        return IniFile(read_configuration(tree, path) or "", path).get("Swap", "What")
    except GuestError:
        return ""


def _dphys(tree: Tree) -> tuple[str, ...]:
    try:
        text = read_configuration(tree, _DPHYS)
        path = ShellFile(text, _DPHYS).get("CONF_SWAPFILE") if text else None
    except GuestError:
        return ()
    return (path,) if path and path.startswith("/") else ()
