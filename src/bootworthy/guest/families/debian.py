"""Debian, Ubuntu and what is made of them: dpkg and apt."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.families.deb_repository import write_index
from bootworthy.guest.families.family import Family, Need

# Where the guest sees the packages of `--packages`, and the lists apt makes of them; both vanish
# with the sandbox.
_REPOSITORY = "/run/bootworthy/packages"
_SOURCES = f"{_REPOSITORY}/sources.list"
_LISTS = "/run/bootworthy-lists"

# Debian 13 has no more isc-dhcp-client; its ifupdown works with dhcpcd.
_FIRST_DHCPCD_DEBIAN = 13

_PACKAGES = {
    Need.CLOUD_INIT: ("cloud-init",),
    Need.GROWPART: ("cloud-guest-utils",),
    Need.GDISK: ("gdisk",),
    Need.SSH_SERVER: ("openssh-server",),
    Need.SUDO: ("sudo",),
    Need.PASSLIB: ("python3-passlib",),
    # Elsewhere these two are parts of util-linux.
    Need.EJECT: ("eject",),
    Need.SFDISK: ("fdisk",),
    Need.PARTED: ("parted",),
}

_UNITS = {
    Need.AGENT: ("walinuxagent.service", "waagent.service"),
    Need.CLOUD_INIT: ("cloud-init.service",),
    Need.HYPERV_DAEMONS: ("hv-kvp-daemon.service", "hyperv-daemons.hv-kvp-daemon.service"),
    Need.SSH_SERVER: ("ssh.service", "ssh.socket", "sshd.service"),
}

# A package must not stop to ask about a configuration file that bootworthy or the owner edited.
_APT = (
    "apt-get",
    "--yes",
    "--quiet",
    "--no-install-recommends",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "Acquire::Retries=3",
    "-o",
    "DPkg::Lock::Timeout=60",
)

_OFFLINE = (
    "-o",
    f"Dir::Etc::SourceList={_SOURCES}",
    "-o",
    "Dir::Etc::SourceParts=-",
    "-o",
    f"Dir::State::Lists={_LISTS}",
)

# apt makes no directory outside its own state directory.
_INSTALL_OFFLINE = (
    f"mkdir -p {_LISTS}/partial; {shlex.join((*_APT, *_OFFLINE))} update; "
    f'exec {shlex.join((*_APT, *_OFFLINE))} install "$@"'
)


class Debian(Family):
    """dpkg and apt; package names as Debian's and Ubuntu's archives have them."""

    @property
    def _is_ubuntu(self) -> bool:
        return self.release.id == "ubuntu" or "ubuntu" in self.release.id_like

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """The article's apt line names two packages that do not exist; these do."""
        if need is Need.AGENT:
            # Debian and Ubuntu package the agent independently of each other.
            return ("walinuxagent" if self._is_ubuntu else "waagent",)
        if need is Need.HYPERV_DAEMONS:
            # Ubuntu ships the daemons with each kernel flavour instead; an image that was not
            # made for Azure has the generic one, whose tools this package follows.
            return ("linux-cloud-tools-virtual",) if self._is_ubuntu else ("hyperv-daemons",)
        if need is Need.NETWORK:
            return ("ifupdown", self._dhcp_client)
        if need is Need.DHCP_CLIENT:
            return (self._dhcp_client,)
        return _PACKAGES[need]

    def conflicts_of(self, need: Need) -> tuple[str, ...]:
        """Debian's agent conflicts with NetworkManager (its control file); Ubuntu's does not."""
        if need is Need.AGENT and not self._is_ubuntu:
            return ("network-manager",)
        return ()

    @property
    def _dhcp_client(self) -> str:
        major = self.release.major
        is_old = major is not None and major < _FIRST_DHCPCD_DEBIAN
        return "isc-dhcp-client" if is_old or self._is_ubuntu else "dhcpcd-base"

    def units_for(self, need: Need) -> tuple[str, ...]:
        """The agent's unit is walinuxagent here, not waagent as the article has it."""
        return _UNITS.get(need, ())

    def install(self, packages: tuple[str, ...], *, offline: bool) -> tuple[Invocation, ...]:
        """Refresh the lists, then install; offline from the mounted repository alone."""
        if offline:
            # One program: its lists vanish with the sandbox it runs in.
            return (Invocation(argv=("sh", "-ec", _INSTALL_OFFLINE, "sh", *packages)),)
        update = Invocation(argv=(*_APT, "update"), network=True)
        return (update, Invocation(argv=(*_APT, "install", *packages), network=True))

    def offline_mounts(self, directory: Path, scratch: Path) -> Mapping[str, str]:
        """A flat repository: the index in ``scratch``, the packages bound below it."""
        write_index(directory, scratch, guest_path=_REPOSITORY)
        return {_REPOSITORY: str(scratch), f"{_REPOSITORY}/pool": str(directory)}
