"""The footer of the VHD is not what Azure accepts."""

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

_KINDS = (ProblemKind.FOOTER_CHECKSUM, ProblemKind.FOOTER_FIELD, ProblemKind.FOOTER_SIZE)


@rule(
    code="VHD-03",
    name="footer-wrong",
    severity=Severity.ERROR,
    why="Azure checks the footer only when the upload is over, and then refuses the disk.",
    when=(has_image,),
    article=(3,),
    sources=(sources.VHD_FORMAT, sources.DIRECT_UPLOAD),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every field of the footer is right, and the file ends with it."""
    container = subject.disk.container
    if not isinstance(container, FixedVhd):
        return
    size = round_up_to_mib(container.virtual_size)
    for problem in container.footer_problems:
        if problem.kind in _KINDS:
            yield Violation(
                message=f"the VHD footer is wrong: {problem.text}",
                place=Place(container.path, within=f"offset {container.file_size - 512}"),
                found=problem.text,
                expected="a footer as the specification has it",
                fix=Fix(title="write a new footer", steps=(MakeFixedVhd(size=size),)),
            )
