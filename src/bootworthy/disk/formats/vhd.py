"""VHD: fixed ones are read; dynamic and differencing ones are recognised.

Source: Virtual Hard Disk Image Format Specification 1.0. A fixed VHD is a raw disk with a footer
behind it, so its first sector belongs to the guest and says nothing about the format.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from bootworthy.disk import footer as vhd_footer
from bootworthy.disk.container import Container, Format
from bootworthy.disk.footer import COOKIE, DIFFERENCING, DYNAMIC, FIXED, FOOTER_SIZE, Footer
from bootworthy.disk.formats.raw import RawContainer
from bootworthy.disk.formats.unread import refuse

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.problem import Problem
    from bootworthy.disk.references import References


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
        return (
            ("type", "fixed"),
            ("creator", self.footer.creator.decode("ascii", "replace").rstrip("\0 ")),
            ("created", self.footer.created.isoformat()),
        )


def _open(file: HostFile, _references: References) -> Container:
    if file.pread(0, len(COOKIE)) == COOKIE:
        refuse(file.path, "dynamic or differencing VHD")
    footer = _read_footer(file)
    if footer.disk_type == DYNAMIC:
        refuse(file.path, "dynamic VHD")
    if footer.disk_type == DIFFERENCING:
        refuse(file.path, "differencing VHD")
    if footer.disk_type != FIXED:
        file.corrupt(f"its VHD footer names disk type {footer.disk_type}")
    if footer.virtual_size + FOOTER_SIZE > file.size:
        file.truncated(footer.virtual_size + FOOTER_SIZE, "disk")
    return FixedVhd(file, footer)


def _read_footer(file: HostFile) -> Footer:
    return vhd_footer.parse(file.pread(max(file.size - FOOTER_SIZE, 0), FOOTER_SIZE))


def _detect(header: bytes, tail: bytes, size: int) -> bool:
    """A dynamic VHD, or a fixed one whose footer fits the file in every way."""
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
