"""A kernel cannot read the provisioning DVD's drive."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel, ModuleState
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.model.intent import Generation
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.provisioning import needs_udf
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="KERN-07",
    name="cdrom-driver-missing",
    severity=Severity.ERROR,
    why="The provisioning DVD is an IDE drive on generation 1 and a SCSI drive on generation 2.",
    when=(with_kernels,),
    article=(9,),
    sources=(sources.ARTICLE, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel has the CD-ROM drivers, and IDE where the drive is on IDE."""
    provisioned_without = not needs_udf(subject.linux)
    for kernel in subject.linux.bootable_kernels:
        missing = list(drivers.absent(kernel, ("cdrom", "sr_mod", "isofs")))
        if Generation.BIOS in subject.generations and not _has_ide(kernel):
            missing.append("ata_piix")
        if missing:
            # Azure's DVD is UDF; only programs that make their own need the other.
            mild = provisioned_without or missing == ["isofs"]
            yield Violation(
                message=f"kernel {kernel.release} cannot read the provisioning DVD",
                place=drivers.place_of(kernel),
                found=f"{', '.join(missing)}: neither built in nor a module",
                expected="cdrom, sr_mod and isofs; ata_piix or ata_generic on generation 1",
                fix=by_hand("install the package that holds the missing module, or a full kernel"),
                severity=Severity.WARNING if mild else None,
            )


def _has_ide(kernel: Kernel) -> bool:
    return any(
        kernel.module(name) is not ModuleState.ABSENT for name in ("ata_piix", "ata_generic")
    )
