"""Which family module speaks for a release."""

from __future__ import annotations

from bootworthy.guest.facts.release import Family as FamilyName
from bootworthy.guest.facts.release import Release
from bootworthy.guest.families.debian import Debian
from bootworthy.guest.families.family import Family
from bootworthy.guest.families.other import Other

_FAMILIES: dict[FamilyName, type[Family]] = {FamilyName.DEBIAN: Debian}


def family_of(release: Release) -> Family:
    """The family of ``release``; one that knows no packages where we have no module for it."""
    return _FAMILIES.get(release.family, Other)(release)
