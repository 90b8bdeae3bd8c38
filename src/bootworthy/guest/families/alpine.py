"""Alpine: apk and OpenRC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.families.family import Family, Need
from bootworthy.model.errors import UsageError

_PACKAGES = {
    Need.CLOUD_INIT: ("cloud-init",),
    Need.GROWPART: ("cloud-utils-growpart",),
    Need.GDISK: ("sgdisk",),
    Need.HYPERV_DAEMONS: ("hvtools",),
    Need.SSH_SERVER: ("openssh-server",),
    Need.SUDO: ("sudo",),
    Need.PARTED: ("parted",),
    Need.PASSLIB: ("py3-passlib",),
    Need.DHCP_CLIENT: ("dhcpcd",),
}

# Scripts of /etc/init.d; the suffix is taken off where a guest has no systemd.
_UNITS = {
    Need.AGENT: ("waagent.service",),
    Need.CLOUD_INIT: ("cloud-init.service",),
    Need.HYPERV_DAEMONS: ("hv_kvp_daemon.service",),
    Need.SSH_SERVER: ("sshd.service",),
}


class Alpine(Family):
    """apk; the agent is in none of Alpine's repositories."""

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """Names as the main and community repositories have them."""
        return _PACKAGES.get(need, ())

    def units_for(self, need: Need) -> tuple[str, ...]:
        """The names of the init scripts."""
        return _UNITS.get(need, ())

    def install(self, packages: tuple[str, ...], *, offline: bool) -> tuple[Invocation, ...]:
        """Refresh the index, then install."""
        return (
            Invocation(argv=("apk", "update"), network=not offline),
            Invocation(argv=("apk", "add", *packages), network=not offline),
        )

    def offline_mounts(self, directory: Path, scratch: Path) -> Mapping[str, str]:
        """A repository of apk's needs an index that only apk itself writes and signs."""
        del scratch
        raise UsageError(
            "packages-none",
            f"packages for Alpine cannot be installed from {directory}",
            hint="leave --packages out, so that apk asks the guest's own repositories",
        )
