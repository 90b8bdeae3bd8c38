"""Red Hat Enterprise Linux, its rebuilds and Fedora: rpm with dnf, or with yum before release 8."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts.release import Family as FamilyName
from bootworthy.guest.families.family import Family, Need
from bootworthy.guest.families.rpm_repository import write_index

# Where the guest sees the packages of `--packages`; it vanishes with the sandbox.
REPOSITORY = "/run/bootworthy/packages"

# Red Hat Enterprise Linux 8 was the first with dnf.
_FIRST_DNF = 8
_FIRST_DHCPCD = 10

_PACKAGES = {
    Need.AGENT: ("WALinuxAgent",),
    Need.CLOUD_INIT: ("cloud-init",),
    Need.GROWPART: ("cloud-utils-growpart",),
    Need.GDISK: ("gdisk",),
    Need.HYPERV_DAEMONS: ("hyperv-daemons",),
    Need.SSH_SERVER: ("openssh-server",),
    Need.SUDO: ("sudo",),
    Need.PARTED: ("parted",),
    Need.PASSLIB: ("python3-passlib",),
}

_UNITS = {
    Need.AGENT: ("waagent.service",),
    Need.CLOUD_INIT: ("cloud-init.service",),
    Need.HYPERV_DAEMONS: ("hypervkvpd.service",),
    Need.SSH_SERVER: ("sshd.service",),
}


class RedHat(Family):
    """dnf or yum; package names as Red Hat, its rebuilds and Fedora have them."""

    @property
    def program(self) -> str:
        """The package manager of this release."""
        major = self.release.major
        is_old = major is not None and major < _FIRST_DNF
        return "yum" if is_old and self.release.family is FamilyName.REDHAT else "dnf"

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """The article's yum line names these, and python-pyasn1 that no release needs any more."""
        if need is Need.DHCP_CLIENT:
            return (self._dhcp_client,)
        return _PACKAGES.get(need, ())

    @property
    def _dhcp_client(self) -> str:
        """dhclient had its own package from release 8 on, and is gone since 10."""
        major = self.release.major
        if self.release.family is not FamilyName.REDHAT or major is None:
            return "dhcpcd"
        if major < _FIRST_DNF:
            return "dhclient"
        return "dhcp-client" if major < _FIRST_DHCPCD else "dhcpcd"

    def units_for(self, need: Need) -> tuple[str, ...]:
        """The names Red Hat gives its units."""
        return _UNITS.get(need, ())

    def install(self, packages: tuple[str, ...], *, offline: bool) -> tuple[Invocation, ...]:
        """Fetch the repositories' metadata, then install; offline from the mounted one alone."""
        repositories = (f"--setopt=reposdir={REPOSITORY}",) if offline else ()
        base = (self.program, "--assumeyes", *repositories)
        return (
            Invocation(argv=(*base, "makecache"), network=not offline),
            Invocation(argv=(*base, "install", *packages), network=not offline),
        )

    def offline_mounts(self, directory: Path, scratch: Path) -> Mapping[str, str]:
        """A repository: the metadata in ``scratch``, the packages bound below it."""
        write_index(directory, scratch, guest_path=REPOSITORY)
        return {REPOSITORY: str(scratch), f"{REPOSITORY}/pool": str(directory)}
