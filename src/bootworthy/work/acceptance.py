"""Whether Azure would take a file as the VHD it asks for, and what to do where it would not.

Azure checks the size when the upload begins and the footer when it ends. Sources: the article;
https://learn.microsoft.com/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bootworthy.disk import footer as vhd_footer
from bootworthy.disk.anatomy import Anatomy, examine
from bootworthy.disk.footer import FIXED
from bootworthy.disk.formats.raw import RawContainer
from bootworthy.disk.image import Image
from bootworthy.disk.problem import ProblemKind
from bootworthy.disk.sizes import (
    GIB,
    MAX_OS_DISK,
    MBR_MAX_DISK,
    MIB,
    MIN_DISK,
    is_whole_mib,
    round_up_to_mib,
)
from bootworthy.model.image import TableKind
from bootworthy.model.inspection import Obstacle
from bootworthy.model.quantities import human_size
from bootworthy.work.edits import journal_of
from bootworthy.work.repairs import Repair

_CODES = {
    ProblemKind.FOOTER_CHECKSUM: "footer-checksum",
    ProblemKind.FOOTER_FIELD: "footer-field",
    ProblemKind.FOOTER_SIZE: "footer-size",
    ProblemKind.FOOTER_GEOMETRY: "footer-geometry-size",
}


def obstacles(
    image: Image, *, source_format: str | None = None, disk: str = ""
) -> tuple[Obstacle, ...]:
    """Everything that Azure would hold against the file of ``image``.

    ``source_format`` and ``disk`` are what was said to open it.
    """
    container = image.container
    anatomy = examine(container.file) if isinstance(container, RawContainer) else None
    size = container.virtual_size if anatomy is None else anatomy.place
    limit = MBR_MAX_DISK if image.table.kind is TableKind.MBR else MAX_OS_DISK
    faults = (*_file_faults(image, anatomy), *_size_faults(image, size, limit))
    fitting = min(max(size, MIN_DISK), limit)
    repair = Repair(
        image=image,
        anatomy=anatomy,
        fitting=None if fitting == size else fitting,
        source_format=source_format,
        disk=disk,
    ).command([fault.code for fault in faults])
    return tuple(Obstacle(code=code, text=text, repair=repair) for code, text in faults)


class _Fault(NamedTuple):
    code: str
    text: str


def _file_faults(image: Image, anatomy: Anatomy | None) -> Iterator[_Fault]:
    container = image.container
    if journal_of(Path(container.path)).exists():
        yield _Fault("edit-unfinished", "an edit of it in place was interrupted")
    if anatomy is not None:
        yield from _footer_faults(anatomy, container.file_size)
    elif container.format == "vhd" and not isinstance(container, RawContainer):
        kind = dict(container.details()).get("type", "sparse")
        yield _Fault("not-fixed", f"it is a {kind} VHD, and Azure takes only fixed ones")
    else:
        yield _Fault("not-vhd", f"it is {container.format}, and Azure takes only fixed VHD")


def _footer_faults(anatomy: Anatomy, file_size: int) -> Iterator[_Fault]:
    if anatomy.trailing:
        text = f"{anatomy.trailing} bytes lie behind the footer, which has to be the end"
        yield _Fault("bytes-after-footer", text)
    if anatomy.inner is not None:
        text = (
            f"a footer lies inside the disk, at byte {anatomy.inner}: "
            "a VHD was taken for a raw disk and converted again"
        )
        yield _Fault("footer-inside", text)
    for problem in vhd_footer.problems_of(anatomy.footer, file_size - anatomy.trailing):
        text = problem.text
        if problem.kind is ProblemKind.FOOTER_FIELD and anatomy.footer.disk_type != FIXED:
            text += "; 2 is a fixed VHD"
        yield _Fault(_CODES[problem.kind], text)


def _size_faults(image: Image, size: int, limit: int) -> Iterator[_Fault]:
    if not is_whole_mib(size):
        text = (
            f"its disk of {size} bytes is no whole number of MiB ({size / MIB:.2f}): "
            f"Azure wants {round_up_to_mib(size)}"
        )
        if isinstance(image.container, RawContainer) and _is_rounded(image):
            text += "; qemu-img rounded it to a disk geometry (force_size was missing)"
        yield _Fault("size-not-mib-aligned", text)
    if size > limit:
        why = "an MBR reaches no further" if limit == MBR_MAX_DISK else "the largest OS disk"
        text = f"its disk of {human_size(size)} is above {limit // GIB} GiB, {why}"
        yield _Fault("size-over-limit", text)
    if size < MIN_DISK:
        text = f"its disk of {human_size(size)} is below {MIN_DISK // MIB} MiB"
        yield _Fault("size-under-limit", text)


def _is_rounded(image: Image) -> bool:
    """Whether the size is one that cylinders, heads and sectors make, as older qemu-img write."""
    anatomy = examine(image.container.file)
    return anatomy is not None and anatomy.footer.geometry_size == anatomy.place
