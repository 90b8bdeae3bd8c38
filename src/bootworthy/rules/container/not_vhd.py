"""The disk is not in a fixed VHD."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.sizes import round_up_to_mib
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.image import ContainerInfo
from bootworthy.model.steps import MakeFixedVhd
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="VHD-01",
    name="container-not-vhd",
    severity=Severity.ERROR,
    why="Azure takes fixed VHD and refuses everything else, VHDX included, after the upload.",
    when=(has_image,),
    article=(3, 4, 21),
    sources=(sources.ARTICLE, sources.DIRECT_UPLOAD),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The container is a fixed VHD."""
    container = subject.disk.container.info()
    kind = _kind_of(container)
    if kind != "fixed VHD":
        size = round_up_to_mib(container.virtual_size)
        yield Violation(
            message=f"Azure accepts only fixed VHD; this is {kind}",
            place=Place(container.path),
            found=f"{kind}, {container.virtual_size} bytes",
            expected=f"fixed VHD, {size} bytes and a footer of 512",
            fix=Fix(title="write a fixed VHD", steps=(MakeFixedVhd(size=size),)),
        )


def _kind_of(container: ContainerInfo) -> str:
    """The format; for a VHD its type too, since Azure takes neither dynamic nor differencing."""
    if container.format != "vhd":
        return container.format
    return f"{dict(container.details)['type']} VHD"
