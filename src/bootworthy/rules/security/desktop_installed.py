"""The image boots into a desktop."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_DEFAULT_TARGETS = ("/etc/systemd/system/default.target", "/usr/lib/systemd/system/default.target")


@rule(
    code="SEC-13",
    name="desktop-installed",
    severity=Severity.NOTE,
    why="Nobody sees a desktop on Azure; it costs memory, disk and updates.",
    when=(has_guest,),
    article=(14,),
    sources=(sources.ARTICLE,),
    deviation="the article asks for unneeded software to be removed and names none; what boots "
    "into a display manager is what a file can show",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The default target is not a graphical one with a display manager."""
    guest = subject.linux
    manager = guest.services.unit("display-manager.service")
    if not manager.path:
        return
    for path in _DEFAULT_TARGETS:
        if guest.tree.is_link(path):
            target = guest.tree.readlink(path)
            if target.endswith("graphical.target"):
                yield Violation(
                    message="the machine boots into a desktop",
                    place=Place(path),
                    found=f"{target}, with {manager.path}",
                    expected="multi-user.target",
                    fix=by_hand("systemctl set-default multi-user.target; remove the desktop"),
                )
            return
