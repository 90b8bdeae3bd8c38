"""A distribution we know nothing about: the names upstream uses, and no package manager."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.families.family import Family, Need
from bootworthy.model.errors import UsageError

_UNITS = {
    Need.AGENT: ("waagent.service", "walinuxagent.service"),
    Need.CLOUD_INIT: ("cloud-init.service",),
    Need.HYPERV_DAEMONS: ("hypervkvpd.service", "hv-kvp-daemon.service", "hv_kvp_daemon.service"),
    Need.SSH_SERVER: ("sshd.service", "ssh.service", "ssh.socket", "sshd.socket"),
}


class Other(Family):
    """Findings are reported; what needs a package is left to the user."""

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """No names are known."""
        del need
        return ()

    def units_for(self, need: Need) -> tuple[str, ...]:
        """The names upstream gives its units."""
        return _UNITS.get(need, ())

    def install(self, packages: tuple[str, ...], *, offline: bool) -> tuple[Invocation, ...]:
        """Nothing can be installed."""
        del packages, offline
        return ()

    def offline_mounts(self, directory: Path, scratch: Path) -> Mapping[str, str]:
        """No package format is known."""
        del scratch
        raise UsageError(
            "packages-none",
            f"packages cannot be installed in {self.release.name or 'this distribution'}",
            hint=f"install what the findings name by hand; {directory} was not used",
        )
