"""Which family module speaks for a release."""

from __future__ import annotations

from bootworthy.guest.facts.release import Family as FamilyName
from bootworthy.guest.facts.release import Release
from bootworthy.guest.families.alpine import Alpine
from bootworthy.guest.families.amazon import Amazon
from bootworthy.guest.families.arch import Arch
from bootworthy.guest.families.azure_linux import AzureLinux
from bootworthy.guest.families.debian import Debian
from bootworthy.guest.families.family import Family
from bootworthy.guest.families.other import Other
from bootworthy.guest.families.redhat import RedHat
from bootworthy.guest.families.suse import Suse

_FAMILIES: dict[FamilyName, type[Family]] = {
    FamilyName.DEBIAN: Debian,
    FamilyName.REDHAT: RedHat,
    FamilyName.FEDORA: RedHat,
    FamilyName.SUSE: Suse,
    FamilyName.AZURE_LINUX: AzureLinux,
    FamilyName.AMAZON: Amazon,
    FamilyName.ALPINE: Alpine,
    FamilyName.ARCH: Arch,
}


def family_of(release: Release) -> Family:
    """The family of ``release``; one that knows no packages where we have no module for it."""
    return _FAMILIES.get(release.family, Other)(release)
