"""The VHD's size was rounded to a disk geometry by the tool that wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.formats.vhd import FixedVhd
from bootworthy.disk.problem import ProblemKind
from bootworthy.disk.sizes import round_up_to_mib
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import MakeFixedVhd
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="VHD-05",
    name="vhd-geometry-size",
    severity=Severity.ERROR,
    why="Tools that trust the geometry cut or pad the disk: an aligned one becomes unaligned.",
    when=(has_image,),
    article=(18, 20, 24),
    sources=(sources.ARTICLE, sources.VHD_FORMAT),
    deviation="without force_size, which the article leaves out for old QEMU, qemu-img makes an "
    "aligned disk unaligned: 20 GiB become the 21475270656 bytes of the article's own error "
    "message; our footer holds the exact size",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The creator in the footer is one whose current size readers trust."""
    container = subject.disk.container
    if not isinstance(container, FixedVhd):
        return
    size = round_up_to_mib(container.virtual_size)
    for problem in container.footer_problems:
        if problem.kind is ProblemKind.FOOTER_GEOMETRY:
            creator = container.footer.creator.decode("ascii", "replace")
            yield Violation(
                message="the size of this VHD depends on who reads it",
                place=Place(container.path, within=f"offset {container.file_size - 512}"),
                found=f"creator {creator!r}: {problem.text}",
                expected="creator 'win ', whose size is the one in the footer",
                fix=Fix(title="write a new footer", steps=(MakeFixedVhd(size=size),)),
            )
