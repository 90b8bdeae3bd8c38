"""No SSH server starts at boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import EnableUnits, InstallPackages
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="SEC-01",
    name="ssh-not-started",
    severity=Severity.ERROR,
    why="SSH is how anyone gets into a Linux machine on Azure.",
    when=(has_guest,),
    article=(46,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """sshd is installed and its service or socket starts at boot."""
    guest = subject.linux
    names = guest.family.units_for(Need.SSH_SERVER)
    if guest.sshd.program is None:
        yield Violation(
            message="no SSH server is installed",
            place=Place("/usr/sbin/sshd"),
            found="no such file",
            expected="an SSH server that starts at boot",
            fix=_install(guest, names),
        )
    elif guest.services.manager and not _starts(guest, names):
        unit = guest.services.first_present(*names)
        name = unit.name if unit else names[0]
        yield Violation(
            message="the SSH server does not start at boot",
            place=Place(unit.path if unit else guest.sshd.program),
            found=f"{name} is {unit.state.value if unit else 'absent'}",
            expected=f"{name} is enabled",
            fix=Fix(title=f"enable {name}", steps=(EnableUnits(units=(name,)),)),
        )


def _starts(guest: Guest, names: tuple[str, ...]) -> bool:
    return any(guest.services.unit(name).starts for name in names)


def _install(guest: Guest, names: tuple[str, ...]) -> Fix:
    packages = guest.family.packages_for(Need.SSH_SERVER)
    if not packages:
        return by_hand("install an SSH server and enable it")
    steps = (InstallPackages(packages=packages), EnableUnits(units=names[:1]))
    return Fix(title=f"install {', '.join(packages)} and enable it", steps=steps)
