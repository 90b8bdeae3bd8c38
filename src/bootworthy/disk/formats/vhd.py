"""VHD: fixed, dynamic and differencing.

Source: Virtual Hard Disk Image Format Specification 1.0. A fixed VHD is a raw disk with a footer
behind it, so its first sector belongs to the guest and says nothing about the format. The others
have a copy of the footer at their start.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from bootworthy.disk import footer as vhd_footer
from bootworthy.disk import parents
from bootworthy.disk.container import Container, Format
from bootworthy.disk.footer import COOKIE, DIFFERENCING, DYNAMIC, FIXED, FOOTER_SIZE, Footer
from bootworthy.disk.formats.raw import RawContainer
from bootworthy.disk.layers import LayeredContainer
from bootworthy.disk.vhd import header as vhd_header
from bootworthy.disk.vhd import table

if TYPE_CHECKING:
    from bootworthy.disk.extents import Rows
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.problem import Problem
    from bootworthy.disk.references import References
    from bootworthy.disk.vhd.header import SparseHeader

_TYPES = {FIXED: "fixed", DYNAMIC: "dynamic", DIFFERENCING: "differencing"}
_SPARSE = frozenset({DYNAMIC, DIFFERENCING})


class FixedVhd(RawContainer):
    """A fixed VHD; ``footer`` is what stands behind the disk."""

    format: ClassVar[str] = "vhd"

    def __init__(self, file: HostFile, footer: Footer) -> None:
        super().__init__(file, footer.virtual_size)
        self.footer = footer

    @cached_property
    def footer_problems(self) -> tuple[Problem, ...]:
        """What Azure would hold against the footer."""
        return vhd_footer.problems_of(self.footer, self.file_size)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is wrong with the footer."""
        return tuple(problem.text for problem in self.footer_problems)

    def details(self) -> tuple[tuple[str, str], ...]:
        """Type, creator and date."""
        return _details(self.footer)


class SparseVhd(LayeredContainer):
    """A dynamic VHD, or a differencing one over its ``parent``.

    ``footer`` is the copy at the start when ``footer_damaged``.
    """

    format: ClassVar[str] = "vhd"

    def __init__(
        self,
        file: HostFile,
        footer: Footer,
        header: SparseHeader,
        *,
        parent: FixedVhd | SparseVhd | None = None,
        footer_damaged: bool = False,
    ) -> None:
        super().__init__(file, footer.virtual_size, parent)
        self.footer = footer
        self.header = header
        self._footer_damaged = footer_damaged
        self._parent_changed = parent is not None and _is_changed(header, parent)

    def own_rows(self) -> Rows:
        """The blocks of a dynamic VHD, the sectors of a differencing one."""
        differencing = self.footer.disk_type == DIFFERENCING
        return table.read(self.file, self.header, self.virtual_size, differencing=differencing)

    def own_notes(self) -> tuple[str, ...]:
        """What is wrong with the footer, and whether the parent is as it was."""
        notes = []
        if self._footer_damaged:
            notes.append("the footer at the end is damaged; its copy at the start is used")
        if self._parent_changed:
            notes.append("the parent's time stamp is another than the differencing disk remembers")
        return tuple(notes)

    def details(self) -> tuple[tuple[str, str], ...]:
        """Type, creator, date, block size, and the parents."""
        block_size = ("block size", str(self.header.block_size))
        return (*_details(self.footer), block_size, *self.lineage())


def _details(footer: Footer) -> tuple[tuple[str, str], ...]:
    return (
        ("type", _TYPES[footer.disk_type]),
        ("creator", footer.creator.decode("ascii", "replace").rstrip("\0 ")),
        ("created", footer.created.isoformat()),
    )


def _is_changed(header: SparseHeader, parent: FixedVhd | SparseVhd) -> bool:
    """Whether the parent's time stamp is another than the child remembers.

    The specification means the time the file was changed, which any copy loses, and some writers
    take the time in the footer: so this is worth a note, where another identifier is an error.
    """
    written = vhd_footer.seconds_of(os.fstat(parent.file.fd).st_mtime)
    made = vhd_footer.seconds_of(parent.footer.created.timestamp())
    return header.parent_time not in (0, written, made)


def _open(file: HostFile, references: References) -> Container:
    footer, is_copy = _read_footer(file)
    if footer.disk_type in _SPARSE:
        return _open_sparse(file, references, footer, is_copy=is_copy)
    if footer.disk_type != FIXED:
        file.corrupt(f"its VHD footer names disk type {footer.disk_type}")
    if footer.virtual_size + FOOTER_SIZE > file.size:
        file.truncated(footer.virtual_size + FOOTER_SIZE, "disk")
    return FixedVhd(file, footer)


def _read_footer(file: HostFile) -> tuple[Footer, bool]:
    """The footer at the end, or its copy at the start where the end is damaged; and which it is.

    A fixed VHD has no copy: what its guest writes into the first sector must not count.
    """
    end = file.pread(max(file.size - FOOTER_SIZE, 0), FOOTER_SIZE)
    if end.startswith(COOKIE):
        footer = vhd_footer.parse(end)
        if footer.checksum_valid or footer.disk_type not in _SPARSE:
            return footer, False
    copy = _copy_of(file)
    if copy is not None:
        return copy, True
    if file.pread(0, len(COOKIE)) == COOKIE or end.startswith(COOKIE):
        file.corrupt("neither the footer at its end nor the copy at its start is valid")
    return vhd_footer.parse(end), False


def _copy_of(file: HostFile) -> Footer | None:
    """The copy of the footer at the start of a VHD that grows."""
    start = file.pread(0, FOOTER_SIZE)
    if len(start) < FOOTER_SIZE or not start.startswith(COOKIE):
        return None
    copy = vhd_footer.parse(start)
    return copy if copy.checksum_valid and copy.disk_type in _SPARSE else None


def _open_sparse(
    file: HostFile, references: References, footer: Footer, *, is_copy: bool
) -> SparseVhd:
    differencing = footer.disk_type == DIFFERENCING
    header = vhd_header.parse(file, footer.data_offset, differencing=differencing)
    parent = _open_parent(file, references, header) if differencing else None
    try:
        return SparseVhd(file, footer, header, parent=parent, footer_damaged=is_copy)
    except BaseException:
        if parent is not None:
            parent.close()
        raise


def _open_parent(
    file: HostFile, references: References, header: SparseHeader
) -> FixedVhd | SparseVhd:
    parent = parents.open_parent(file, references, header.parent_names, "vhd")
    try:
        if not isinstance(parent, FixedVhd | SparseVhd):
            parent.file.corrupt("it is no VHD, but the parent of one")
        parents.refuse_other(file, parent, str(header.parent_id), str(parent.footer.unique_id))
    except BaseException:
        parent.close()
        raise
    return parent


def _detect(header: bytes, tail: bytes, size: int) -> bool:
    """A VHD that grows, by its start, or a fixed one whose footer fits the file in every way."""
    if header.startswith(COOKIE):
        return True
    if not _detect_damaged(header, tail, size):
        return False
    footer = vhd_footer.parse(tail[-FOOTER_SIZE:])
    return footer.checksum_valid and footer.current_size + FOOTER_SIZE == size


def _detect_damaged(_header: bytes, tail: bytes, size: int) -> bool:
    return size > FOOTER_SIZE and tail[-FOOTER_SIZE:].startswith(COOKIE)


FORMATS = (
    # First of all formats: whatever a guest writes into its first sector, a footer makes it a VHD.
    Format(name="vhd", rank=0, detect=_detect, open=_open),
    # A footer that does not fit may be data of a guest at the end of some other format's file.
    Format(name="vhd", rank=800, detect=_detect_damaged, open=_open),
)
