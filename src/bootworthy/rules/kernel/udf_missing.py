"""A kernel cannot mount UDF, the file system of the provisioning DVD."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.provisioning import needs_udf
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="KERN-06",
    name="udf-missing",
    severity=Severity.ERROR,
    why="Azure hands over host name, user, keys and custom data on a DVD with UDF.",
    when=(with_kernels,),
    article=(9, 15, 35, 36),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
    deviation="the article says that cloud-init 21.2 needs no UDF; without it custom data is "
    "dropped silently, so the rule stays a warning there",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel has udf."""
    mild = not needs_udf(subject.linux)
    for kernel, _missing in drivers.kernels_without(subject.linux.bootable_kernels, ("udf",)):
        yield Violation(
            message=f"kernel {kernel.release} cannot mount the provisioning DVD: no udf",
            place=drivers.place_of(kernel),
            found="udf: neither built in nor a module",
            expected="udf",
            fix=by_hand("install the package that holds udf, or a full kernel"),
            severity=Severity.WARNING if mild else None,
        )
