"""Arch Linux and what is made of it: pacman."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.families.family import Family, Need
from bootworthy.model.errors import UsageError

_PACKAGES = {
    Need.AGENT: ("walinuxagent",),
    Need.CLOUD_INIT: ("cloud-init",),
    Need.GROWPART: ("cloud-guest-utils",),
    Need.GDISK: ("gptfdisk",),
    Need.HYPERV_DAEMONS: ("hyperv",),
    Need.SSH_SERVER: ("openssh",),
    Need.SUDO: ("sudo",),
    Need.PARTED: ("parted",),
    Need.PASSLIB: ("python-passlib",),
    Need.DHCP_CLIENT: ("dhcpcd",),
}

_UNITS = {
    Need.AGENT: ("waagent.service",),
    Need.CLOUD_INIT: ("cloud-init.service",),
    Need.HYPERV_DAEMONS: ("hv_kvp_daemon.service",),
    Need.SSH_SERVER: ("sshd.service",),
}


class Arch(Family):
    """pacman; package names as the extra repository has them."""

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """Names as the core and extra repositories have them."""
        return _PACKAGES.get(need, ())

    def units_for(self, need: Need) -> tuple[str, ...]:
        """The names upstream gives its units."""
        return _UNITS.get(need, ())

    def install(self, packages: tuple[str, ...], *, offline: bool) -> tuple[Invocation, ...]:
        """Install by the lists that are there.

        Arch supports no partial upgrade: lists newer than the system would bring libraries that
        the rest was not built for (wiki.archlinux.org, "System maintenance").
        """
        argv = ("pacman", "--noconfirm", "--sync", "--needed", *packages)
        return (Invocation(argv=argv, network=not offline),)

    def offline_mounts(self, directory: Path, scratch: Path) -> Mapping[str, str]:
        """A repository of pacman's needs a database that repo-add writes."""
        del scratch
        raise UsageError(
            "packages-none",
            f"packages for Arch cannot be installed from {directory}",
            hint="leave --packages out, so that pacman asks the guest's own mirrors",
        )
