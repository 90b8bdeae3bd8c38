"""The installer's settings for the machine it installed are still in force."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import present
from bootworthy.rules.cloud_init.files import INSTALLER_FILES
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="NET-07",
    name="installer-settings-left",
    severity=Severity.WARNING,
    why="cloud-init takes the old machine's network, data source and first user for Azure's.",
    when=(generalized, with_cloud_init),
    sources=(sources.UBUNTU_PAGE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """None of the drop-ins that Ubuntu's installer writes is left."""
    found = present(subject.linux.tree, INSTALLER_FILES)
    if found:
        yield Violation(
            message="settings of the installer are in force",
            place=Place(found[0]),
            found=", ".join(found),
            expected="cloud-init's defaults and Azure's data source",
            fix=Fix(title="remove them", steps=(RemovePaths(patterns=INSTALLER_FILES),)),
        )
