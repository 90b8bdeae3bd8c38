"""SUSE Linux Enterprise and openSUSE: rpm with zypper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.families.family import Family, Need
from bootworthy.guest.families.redhat import REPOSITORY
from bootworthy.guest.families.rpm_repository import write_index

_PACKAGES = {
    Need.AGENT: ("python-azure-agent",),
    Need.CLOUD_INIT: ("cloud-init",),
    Need.GROWPART: ("growpart",),
    Need.GDISK: ("gptfdisk",),
    Need.HYPERV_DAEMONS: ("hyper-v",),
    Need.SSH_SERVER: ("openssh",),
    Need.SUDO: ("sudo",),
    Need.PARTED: ("parted",),
    Need.PASSLIB: ("python3-passlib",),
    Need.DHCP_CLIENT: ("dhcp-client",),
}

_UNITS = {
    Need.AGENT: ("waagent.service",),
    Need.CLOUD_INIT: ("cloud-init.service",),
    Need.HYPERV_DAEMONS: ("hv_kvp_daemon.service",),
    Need.SSH_SERVER: ("sshd.service",),
}

_ZYPPER = ("zypper", "--non-interactive")


class Suse(Family):
    """zypper; package names as SUSE's products have them."""

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """The article's zypper line names two packages that do not exist; these do."""
        return _PACKAGES.get(need, ())

    def units_for(self, need: Need) -> tuple[str, ...]:
        """The names SUSE gives its units."""
        return _UNITS.get(need, ())

    def install(self, packages: tuple[str, ...], *, offline: bool) -> tuple[Invocation, ...]:
        """Refresh the repositories, then install what is asked for without recommendations."""
        # Without signature checks only for the files that the user vouches for by naming them.
        options = ("--reposd-dir", REPOSITORY, "--no-gpg-checks") if offline else ()
        base = (*_ZYPPER, *options)
        return (
            Invocation(argv=(*base, "refresh"), network=not offline),
            Invocation(argv=(*base, "install", "--no-recommends", *packages), network=not offline),
        )

    def offline_mounts(self, directory: Path, scratch: Path) -> Mapping[str, str]:
        """A repository: the metadata in ``scratch``, the packages bound below it."""
        write_index(directory, scratch, guest_path=REPOSITORY)
        return {REPOSITORY: str(scratch), f"{REPOSITORY}/pool": str(directory)}
