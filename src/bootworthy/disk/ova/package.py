"""OVA and OVF: a machine's disk in a tar archive, or beside its descriptor.

Source: DMTF DSP0243 2.1.1, clause 5. The disk is read where it lies; nothing is extracted. A plain
tar archive with one disk image in it is read the same way.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bootworthy.disk.container import Container, open_file
from bootworthy.disk.ova import archive, descriptor, manifest
from bootworthy.disk.unpack.choice import choose
from bootworthy.disk.wrapped import WindowFile, Wrapped
from bootworthy.model.errors import ImageError
from bootworthy.model.events import Observer, ignore

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.ova.archive import Member
    from bootworthy.disk.references import References

_NO_MANIFEST = "there is no manifest: whether the disk is whole is not checked"


def open_archive(file: HostFile, references: References) -> Container:
    """The disk in the tar archive ``file``, which is taken over when that succeeds.

    Raises:
        ImageError: it is damaged, encrypted or not read, or refers to other files.
    """
    inside = references.within("tar archive")
    package = _Package(file, archive.members(file))
    member = package.disk(references.disk)
    notes = package.check(member, references.observer)
    inner = open_file(package.window(member), inside)
    try:
        packing = "OVA" if package.descriptor else "tar"
        return Wrapped(file, inner, packing, notes, member=member.name)
    except BaseException:
        inner.close()
        raise


class _Package:
    """The members of an archive."""

    def __init__(self, file: HostFile, members: dict[str, Member]) -> None:
        self._file = file
        self._members = members
        self.descriptor = self._only(".ovf")
        self._manifest = self._only(".mf")

    def _only(self, suffix: str) -> Member | None:
        found = [member for name, member in self._members.items() if name.endswith(suffix)]
        if len(found) > 1:
            self._file.corrupt(f"{len(found)} members of the archive are called *{suffix}")
        return found[0] if found else None

    def window(self, member: Member) -> WindowFile:
        path = f"{self._file.path}, {member.name}"
        return WindowFile(self._file, member.start, member.size, path)

    def disk(self, wanted: str) -> Member:
        if self.descriptor is None:
            return self._members[choose(self._file, list(self._members), wanted)]
        window = self.window(self.descriptor)
        try:
            names = [self._resolved(href) for href in descriptor.disk_files(window)]
        finally:
            window.close()
        return self._members[choose(self._file, names, wanted, all_images=True)]

    def _resolved(self, href: str) -> str:
        names = (href, unquote(href))
        found = next((name for name in names if name in self._members), None)
        if found is None:
            self._file.corrupt(f"the disk {href[:200]!r} of its descriptor is not in the archive")
        return found

    def check(self, disk: Member, observer: Observer) -> tuple[str, ...]:
        """Compare disk and descriptor with the manifest; notes on what cannot be compared."""
        if self._manifest is None:
            return (_NO_MANIFEST,) if self.descriptor else ()
        window = self.window(self._manifest)
        try:
            digests = manifest.read(window)
        finally:
            window.close()
        about = self.descriptor
        notes = [] if about is None else [self._checked(about, digests, ignore)]
        notes.append(self._checked(disk, digests, observer))
        return tuple(note for note in notes if note)

    def _checked(
        self, member: Member, digests: dict[str, tuple[str, str]], observer: Observer
    ) -> str:
        window = self.window(member)
        try:
            return manifest.check(window, member.name, digests, observer)
        finally:
            window.close()


def open_descriptor(file: HostFile, references: References) -> Container:
    """The disk that the descriptor ``file`` names, which is taken over when that succeeds.

    Raises:
        ImageError: it is damaged, encrypted or not read, or refers to other files.
    """
    names = descriptor.disk_files(file)
    name = choose(file, names, references.disk, all_images=True)
    disk, its_references = references.open(unquote(name).encode("utf-8", "surrogateescape"), "disk")
    try:
        notes = _check_beside(file, disk, name, references)
    except BaseException:
        disk.close()
        raise
    inner = open_file(disk, its_references)
    try:
        return Wrapped(file, inner, "OVF", notes, member=name, beside=True)
    except BaseException:
        inner.close()
        raise


def _check_beside(
    file: HostFile, disk: HostFile, name: str, references: References
) -> tuple[str, ...]:
    """Compare with the manifest of the descriptor's own name, where there is one."""
    own = PurePath(file.path)
    try:
        beside = references.open(own.with_suffix(".mf").name.encode(), "manifest")[0]
    except ImageError as error:
        if error.code == "image-not-found":
            return (_NO_MANIFEST,)
        raise
    try:
        digests = manifest.read(beside)
    finally:
        beside.close()
    notes = (
        manifest.check(file, own.name, digests),
        manifest.check(disk, name, digests, references.observer),
    )
    return tuple(note for note in notes if note)
