"""A custom kernel may lack the storage fixes that the article asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Every patch on the English page's list is upstream in 4.4 (drivers/scsi/storvsc_drv.c).
_ALL_FIXED = (4, 4)

# Vendors that support their older kernels on Azure have the patches in them: Red Hat 6.6 and 7,
# Debian, Ubuntu, SUSE, by how they name their releases.
_BACKPORTED = re.compile(
    r"2\.6\.32-(?:50[4-9]|5[1-9]\d|[67]\d\d)\.(?:.*\.)?el6.*|.*\.el7.*"
    r"|.*-(?:amd64|arm64|azure|default|generic|lowlatency|virtual)"
)


@rule(
    code="KERN-09",
    name="storage-fixes-unknown",
    severity=Severity.NOTE,
    why="Without these fixes storvsc can lose requests or freeze under load.",
    when=(with_kernels,),
    article=(29,),
    sources=(sources.ARTICLE,),
    deviation="the translated article announces a list of patches and does not print it; the "
    "English page's list is used",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel is 4.4 or later, or of a vendor who takes such fixes back."""
    for kernel in subject.linux.bootable_kernels:
        vendors = _BACKPORTED.fullmatch(kernel.release)
        if drivers.is_older(kernel, _ALL_FIXED) and not vendors:
            yield Violation(
                message=f"kernel {kernel.release} needs the storvsc fixes of 4.4 backported",
                place=drivers.place_of(kernel),
                found=kernel.release,
                expected="4.4 or later, or a vendor's kernel with the fixes",
                fix=by_hand("ask the vendor's changelog for the storvsc and ata_piix fixes"),
            )
