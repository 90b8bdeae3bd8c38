"""The virtual size is not a whole number of MiB."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.sizes import MIB, is_whole_mib, round_up_to_mib
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import MakeFixedVhd
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="VHD-04",
    name="size-not-mib-aligned",
    severity=Severity.ERROR,
    why="Azure refuses it: The size must be a whole number (in MBs).",
    when=(has_image,),
    article=(12, 18, 19, 22, 23),
    sources=(sources.ARTICLE, sources.DIRECT_UPLOAD),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The disk is a multiple of 1024 x 1024 bytes; rounding goes up, and only where needed."""
    container = subject.disk.container.info()
    if not is_whole_mib(container.virtual_size):
        size = round_up_to_mib(container.virtual_size)
        yield Violation(
            message="the virtual size is not a whole number of MiB",
            place=Place(container.path),
            found=f"{container.virtual_size} bytes = {container.virtual_size / MIB:.2f} MiB",
            expected=f"{size} bytes = {size // MIB} MiB",
            fix=Fix(title=f"grow to {size // MIB} MiB", steps=(MakeFixedVhd(size=size),)),
        )
