"""Azure Linux and CBL-Mariner before it: rpm with tdnf."""

from __future__ import annotations

from bootworthy.guest.families.family import Need
from bootworthy.guest.families.redhat import RedHat

_PACKAGES = {Need.GDISK: ("gptfdisk",)}


class AzureLinux(RedHat):
    """Red Hat's names, but for the partitioning tool, and Photon's package manager."""

    @property
    def program(self) -> str:
        """tdnf is in every image; dnf is not."""
        return "tdnf"

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """The names of its specification files."""
        return _PACKAGES.get(need, super().packages_for(need))
