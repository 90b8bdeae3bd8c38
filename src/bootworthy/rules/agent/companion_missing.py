"""Tools that cloud-init needs to grow and partition disks are missing.

The agent partitions with parted (AGT-08), and grows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import software, sources
from bootworthy.rules.conditions import cloud_init_wanted, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_TOOLS = (
    (Need.GROWPART, "growpart", "the root file system stays as small as the image"),
    (Need.GDISK, "sgdisk", "GPT disks cannot be grown or partitioned"),
)


@rule(
    code="AGT-04",
    name="companion-missing",
    severity=Severity.WARNING,
    why="Machines are made with larger disks than the image; these tools let the root grow.",
    when=(has_guest, cloud_init_wanted),
    article=(49,),
    sources=(sources.ARTICLE,),
    deviation="the article's apt and zypper lines name packages that do not exist, so that nothing "
    "is installed; the names of the distribution are used",
)
def check(subject: Subject) -> Iterator[Violation]:
    """growpart and sgdisk are there."""
    guest = subject.linux
    for need, program, consequence in _TOOLS:
        if not software.has_program(guest, program):
            yield Violation(
                message=f"{program} is missing: {consequence}",
                place=Place(f"/usr/bin/{program}"),
                found="no such program",
                expected=program,
                fix=software.install(guest, need),
            )
