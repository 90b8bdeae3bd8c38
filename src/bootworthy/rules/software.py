"""Fixes for software that is missing: the packages, their configuration and their units."""

from __future__ import annotations

from bootworthy.guest.families.family import Need
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, by_hand
from bootworthy.model.steps import EnableUnits, InstallPackages, Step


def install(guest: Guest, need: Need, *more: Step) -> Fix:
    """Install what provides ``need``, then carry out ``more``."""
    packages = guest.family.packages_for(need)
    if not packages:
        return by_hand(f"install: {need.value}, by this distribution's own means")
    steps = (InstallPackages(packages=packages), *more)
    return Fix(title=f"install {', '.join(packages)}", steps=steps)


def enable(guest: Guest, need: Need) -> EnableUnits:
    """Enable the service of ``need`` under the name it has, or will have, in this guest."""
    names = guest.family.units_for(need)
    unit = guest.services.first_present(*names)
    return EnableUnits(units=(unit.name if unit else names[0],))


def has_program(guest: Guest, *names: str) -> bool:
    """Whether one of these programs is in the guest's usual directories."""
    folders = ("/usr/bin", "/usr/sbin", "/bin", "/sbin")
    return any(guest.tree.is_file(f"{folder}/{name}") for folder in folders for name in names)
