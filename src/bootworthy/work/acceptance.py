"""Whether Azure would take a file as the VHD it asks for, and what to do where it would not.

Azure checks the size when the upload begins and the footer when it ends. Sources: the article;
https://learn.microsoft.com/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from bootworthy.disk import footer as vhd_footer
from bootworthy.disk.anatomy import Anatomy, examine
from bootworthy.disk.container import Container
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

_CODES = {
    ProblemKind.FOOTER_CHECKSUM: "footer-checksum",
    ProblemKind.FOOTER_FIELD: "footer-field",
    ProblemKind.FOOTER_SIZE: "footer-size",
    ProblemKind.FOOTER_GEOMETRY: "footer-geometry-size",
}


def obstacles(image: Image) -> Iterator[Obstacle]:
    """Everything that Azure would hold against the file of ``image``."""
    container = image.container
    repairs = _Repairs(container)
    if journal_of(Path(container.path)).exists():
        text = "an edit of it in place was interrupted"
        yield Obstacle(code="edit-unfinished", text=text, repair=repairs.in_place)
    anatomy = examine(container.file) if isinstance(container, RawContainer) else None
    if container.format == "vhd" and not isinstance(container, RawContainer):
        kind = dict(container.details()).get("type", "sparse")
        text = f"it is a {kind} VHD, and Azure takes only fixed ones"
        yield Obstacle(code="not-fixed", text=text, repair=repairs.copy)
        size = container.virtual_size
    elif anatomy is None:
        text = f"it is {container.format}, and Azure takes only fixed VHD"
        yield Obstacle(code="not-vhd", text=text, repair=repairs.of(container))
        size = container.virtual_size
    else:
        yield from _footer_obstacles(anatomy, container.file_size, repairs)
        size = anatomy.place
    yield from _size_obstacles(image, size, repairs)


class _Repairs:
    """The commands that help, for the image in ``container``."""

    def __init__(self, container: Container) -> None:
        path = container.path
        quoted = shlex.quote(path)
        output = shlex.quote(Path(path).with_suffix(".vhd").name)
        if output == quoted or Path(path).suffix == ".vhd":
            output = shlex.quote(Path(path).stem + "-fixed.vhd")
        self.in_place = f"bootworthy convert --in-place {quoted}"
        allowing = "--allow-backing " if _is_in_several_files(container) else ""
        self.copy = f"bootworthy convert {allowing}{quoted} -o {output}"

    def of(self, container: Container) -> str:
        """What helps with a file like this: in place when it is the disk already."""
        if not isinstance(container, RawContainer):
            return self.copy
        ways = {"vhd": self.in_place, "raw": f"{self.copy}, or without a copy: {self.in_place}"}
        return ways.get(container.format, self.copy)


def _is_in_several_files(container: Container) -> bool:
    """Whether the image names other files; what one was unpacked to is none of them."""
    if container.innermost is not container:
        return False
    return any(file is not container.file for file in container.files())


def _footer_obstacles(anatomy: Anatomy, file_size: int, repairs: _Repairs) -> Iterator[Obstacle]:
    if anatomy.trailing:
        text = f"{anatomy.trailing} bytes lie behind the footer, which has to be the end"
        yield Obstacle(code="bytes-after-footer", text=text, repair=repairs.in_place)
    if anatomy.inner is not None:
        text = (
            f"a footer lies inside the disk, at byte {anatomy.inner}: "
            "a VHD was taken for a raw disk and converted again"
        )
        yield Obstacle(code="footer-inside", text=text, repair=repairs.in_place)
    for problem in vhd_footer.problems_of(anatomy.footer, file_size - anatomy.trailing):
        text = problem.text
        if problem.kind is ProblemKind.FOOTER_FIELD and anatomy.footer.disk_type != FIXED:
            text += "; 2 is a fixed VHD"
        yield Obstacle(code=_CODES[problem.kind], text=text, repair=repairs.in_place)


def _size_obstacles(image: Image, size: int, repairs: _Repairs) -> Iterator[Obstacle]:
    if not is_whole_mib(size):
        text = (
            f"its disk of {size} bytes is no whole number of MiB ({size / MIB:.2f}): "
            f"Azure wants {round_up_to_mib(size)}"
        )
        if isinstance(image.container, RawContainer) and _is_rounded(image):
            text += "; qemu-img rounded it to a disk geometry (force_size was missing)"
        repair = repairs.of(image.container)
        yield Obstacle(code="size-not-mib-aligned", text=text, repair=repair)
    mbr = image.table.kind is TableKind.MBR
    limit = MBR_MAX_DISK if mbr else MAX_OS_DISK
    if size > limit:
        why = "an MBR reaches no further" if mbr else "the largest OS disk"
        text = f"its disk of {human_size(size)} is above {limit // GIB} GiB, {why}"
        repair = "shrink file system and partition in the guest, then: bootworthy resize --shrink"
        yield Obstacle(code="size-over-limit", text=text, repair=repair)
    if size < MIN_DISK:
        text = f"its disk of {human_size(size)} is below {MIN_DISK // MIB} MiB"
        repair = f"bootworthy resize {shlex.quote(image.container.path)} --size {MIN_DISK // MIB}M"
        yield Obstacle(code="size-under-limit", text=text, repair=repair)


def _is_rounded(image: Image) -> bool:
    """Whether the size is one that cylinders, heads and sectors make, as older qemu-img write."""
    anatomy = examine(image.container.file)
    return anatomy is not None and anatomy.footer.geometry_size == anatomy.place
