"""The kernel is told to leave the CD-ROM drive alone."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import unwanted_tokens, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Left in images of releases whose PIIX driver took Hyper-V's disks away from storvsc.
_TOKENS = frozenset(("libata.atapi_enabled=0", "reserve=0x1f0,0x8"))


@rule(
    code="CMD-13",
    name="cdrom-drive-hidden",
    severity=Severity.WARNING,
    why="Azure hands the provisioning data to the machine on a CD-ROM.",
    when=(with_entries,),
    sources=(sources.RHEL_PAGE, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No entry switches the driver of the drive off."""
    yield from unwanted_tokens(subject, _TOKENS.__contains__, "{} hides the CD-ROM drive")
