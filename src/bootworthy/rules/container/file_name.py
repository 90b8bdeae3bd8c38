"""The file's name is one that Azure's tools refuse."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_ALLOWED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@rule(
    code="VHD-15",
    name="file-name-unfit",
    severity=Severity.WARNING,
    why="Blob and disk names take letters, digits, dot, dash and underscore only.",
    when=(has_image,),
    sources=(sources.CERTIFICATION,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """A VHD is called NAME.vhd, without blanks or special characters."""
    container = subject.disk.container.info()
    name = posixpath.basename(container.path)
    if container.format != "vhd" or name.endswith(".partial"):
        return
    if not _ALLOWED.fullmatch(name) or not name.lower().endswith(".vhd"):
        yield Violation(
            message=f"Azure's tools refuse the file name {name}",
            place=Place(container.path),
            found=name,
            expected="up to 80 letters, digits, dots, dashes and underscores, ending in .vhd",
            fix=by_hand("rename the file"),
        )
