"""Where the footers of a VHD are in a file, also where they should not be.

A tool that took a VHD for a raw disk leaves the old footer inside the disk, and one that pads files
leaves bytes behind it. Both still read in some tools, and Azure refuses both.
"""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.disk import footer as vhd_footer
from bootworthy.disk.footer import COOKIE, FIXED, FOOTER_SIZE, Footer
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.sizes import MIB

# Tools round up to a MiB, or to a cylinder of at most 2 MiB: what they add is shorter than this.
_NEAR = 4 * MIB


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """The footer that ends the disk, at byte ``place`` of the file, with ``trailing`` behind it.

    ``inner`` is where an older footer lies inside the disk, as its data.
    """

    footer: Footer
    place: int
    trailing: int = 0
    inner: int | None = None


def examine(file: HostFile) -> Anatomy | None:
    """The footers in ``file``; None when it is no VHD.

    A footer that is not at the very end has to fit in every way to count.
    """
    place = file.size - FOOTER_SIZE
    last = _parse_at(file, place)
    if last is not None:
        return Anatomy(footer=last, place=place, inner=_fitting_before(file, place))
    found = _fitting_before(file, file.size)
    if found is None:
        return None
    inner = _parse_at(file, found)
    assert inner is not None  # noqa: S101 - it was found by parsing
    return Anatomy(
        footer=inner,
        place=found,
        trailing=file.size - found - FOOTER_SIZE,
        inner=_fitting_before(file, found),
    )


def _parse_at(file: HostFile, place: int) -> Footer | None:
    data = file.pread(place, FOOTER_SIZE) if place >= 0 else b""
    if len(data) < FOOTER_SIZE or not data.startswith(COOKIE):
        return None
    return vhd_footer.parse(data)


def _fitting_before(file: HostFile, end: int) -> int | None:
    """The last place before ``end`` of a footer of a fixed VHD that ends right there."""
    start = max(end - _NEAR, 0)
    data = file.pread(start, end - start)
    at = data.rfind(COOKIE)
    while at >= 0:
        footer = _parse_at(file, start + at) if start + at + FOOTER_SIZE <= end else None
        if footer is not None and _fits(footer, start + at):
            return start + at
        at = data.rfind(COOKIE, 0, at)
    return None


def _fits(footer: Footer, place: int) -> bool:
    return footer.checksum_valid and footer.disk_type == FIXED and footer.current_size == place > 0
