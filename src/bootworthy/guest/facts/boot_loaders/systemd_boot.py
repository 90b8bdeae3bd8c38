"""systemd-boot: loader.conf(5), entries of the Boot Loader Specification, unified images."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import replace

from bootworthy.guest.facts.boot_loaders import bls, boot_paths, unified
from bootworthy.guest.facts.boot_loaders.bls import BlsEntry
from bootworthy.guest.facts.boot_loaders.entries import (
    BootEntry,
    BootLoader,
    EntryFormat,
    LoaderKind,
)
from bootworthy.guest.tree import Tree

# The ESP, or the extended boot loader partition that belongs to it (bootctl(1), --esp-path).
_PLACES = ("/efi", "/boot/efi", "/boot")
_MACHINE_ID = re.compile(r"([0-9a-f]{32})-")
_DEFAULT = re.compile(r"^\s*default\s+(\S+)", re.MULTILINE)


def read(tree: Tree) -> BootLoader | None:
    """The menu of systemd-boot, None where neither its configuration nor an entry is."""
    configuration = _configuration(tree)
    entries = tuple(_entries(tree))
    if not entries and not configuration:
        return None
    kind = LoaderKind.SYSTEMD_BOOT
    if not configuration and all(entry.form is EntryFormat.UNIFIED for entry in entries):
        kind = LoaderKind.UNIFIED
    path = configuration or entries[0].path
    return BootLoader(
        kind=kind,
        path=path,
        entries=_with_default(entries, tree.text_or(path) if configuration else ""),
        problem="" if entries else "it has no entry that starts Linux",
    )


def machine_in_name(entry: BootEntry) -> str:
    """The machine id that kernel-install named an entry after, empty when it took another word."""
    if entry.form is not EntryFormat.BOOT_LOADER_SPECIFICATION:
        return ""
    named = _MACHINE_ID.match(entry.path.rpartition("/")[2])
    return named[1] if named else ""


def _configuration(tree: Tree) -> str:
    paths = (f"{place}/loader/loader.conf" for place in _PLACES)
    return next((path for path in paths if tree.is_file(path)), "")


def _entries(tree: Tree) -> Iterator[BootEntry]:
    seen: set[str] = set()
    for place in _PLACES:
        for entry in bls.read(tree, f"{place}/loader/entries"):
            if (real := tree.resolve(entry.path)) not in seen:
                seen.add(real)
                yield _entry(tree, place, entry)
        for found in unified.read(tree, f"{place}/EFI/Linux"):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def _entry(tree: Tree, place: str, entry: BlsEntry) -> BootEntry:
    return BootEntry(
        title=entry.title,
        kernel=_file(tree, place, entry.linux),
        initrds=tuple(_file(tree, place, name) for name in entry.initrds({})),
        arguments=entry.arguments({}),
        path=entry.path,
        line=entry.line,
        recovery=bls.is_rescue(entry.identifier),
        release=entry.version,
        form=EntryFormat.BOOT_LOADER_SPECIFICATION,
    )


def _file(tree: Tree, place: str, name: str) -> str:
    """A path that counts from the partition the entry is on."""
    here = f"{place}/{name.lstrip('/')}"
    return tree.resolve(here) if tree.is_file(here) else boot_paths.in_guest(tree, name)


def _with_default(entries: tuple[BootEntry, ...], configuration: str) -> tuple[BootEntry, ...]:
    """The entries with the one that starts by itself marked: what ``default`` matches, or first."""
    wanted = _DEFAULT.search(configuration)
    pattern = wanted[1] if wanted else "*"
    names = [entry.path.rpartition("/")[2] for entry in entries]
    matching = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
    chosen = (matching or names or [""])[0]
    return tuple(
        replace(entry, default=name == chosen) for entry, name in zip(entries, names, strict=True)
    )
