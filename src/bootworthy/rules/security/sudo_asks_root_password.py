"""sudo asks for root's password, which nobody has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_FILES = ("/etc/sudoers", "/etc/sudoers.d/*", "/usr/etc/sudoers")
_SETTING = re.compile(r"^\s*Defaults\s+(?:targetpw|rootpw|runaspw)\b")


@rule(
    code="SEC-07",
    name="sudo-asks-root-password",
    severity=Severity.WARNING,
    why="root has no password on Azure, so that the user it makes cannot use sudo by password.",
    when=(has_guest,),
    sources=("https://learn.microsoft.com/azure/virtual-machines/linux/suse-create-upload-vhd",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """sudoers has no targetpw, rootpw or runaspw."""
    tree = subject.linux.tree
    for path in (path for pattern in _FILES for path in tree.glob(pattern)):
        for number, line in enumerate(tree.text_or(path).split("\n"), 1):
            if _SETTING.match(line):
                yield Violation(
                    message="sudo asks for the password of another user",
                    place=Place(path, number),
                    found=line.strip(),
                    expected="no such setting",
                    fix=by_hand(f"comment the line out in {path}, by visudo"),
                )
