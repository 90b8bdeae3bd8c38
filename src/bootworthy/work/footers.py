"""VHDs whose footer is not their end, which may not be taken for disks."""

from __future__ import annotations

from bootworthy.disk.anatomy import examine
from bootworthy.disk.container import Container
from bootworthy.disk.formats.raw import RawContainer
from bootworthy.model.commands import argument, offered
from bootworthy.model.errors import ImageError


def refuse_footer_inside(container: Container, *, can_be_named: bool = False) -> None:
    """Refuse a disk that has a VHD's footer at its end as data, which would stay a part of it.

    ``can_be_named`` says that the verb takes the disk as it is when its format is named.

    Raises:
        ImageError: ``vhd-footer-inside``.
    """
    if not isinstance(container, RawContainer):
        return
    found = examine(container.file)
    if found is None or (found.inner is None and not found.trailing):
        return
    place = found.place if found.inner is None else found.inner
    repair = offered("convert", "--in-place", argument(container.path))
    other = f"; or say --format {container.format} to take it as it is" if can_be_named else ""
    raise ImageError(
        "vhd-footer-inside",
        f"{container.path} is a VHD, but its footer at byte {place} is not its end",
        hint=f"repair it first: {repair}{other}",
    )
