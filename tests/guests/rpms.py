"""Small rpm packages with the names and files that Red Hat's repositories would bring."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.guests.cache import cached, digest
from tests.guests.tree import put

_SITE = "usr/lib/python3.11/site-packages"


@dataclass(frozen=True, kw_only=True)
class Rpm:
    """One package: its files by path without the leading slash; those of */bin/ are executable."""

    name: str
    version: str
    files: Mapping[str, str] = field(default_factory=dict)
    provides: tuple[str, ...] = ()

    def spec(self) -> str:
        """The specification file; the files are already in the build root."""
        lines = [
            f"Name: {self.name}",
            f"Version: {self.version}",
            "Release: 1.el9",
            f"Summary: {self.name}",
            "License: none",
            "BuildArch: noarch",
            "AutoReqProv: no",
            *(f"Provides: {name}" for name in self.provides),
            f"%description\n{self.name}",
            "%files",
            *(f"/{path}" for path in self.files),
        ]
        return "\n".join(lines) + "\n"


def _unit(description: str, more: str = "", target: str = "multi-user.target") -> str:
    return (
        f"[Unit]\nDescription={description}\n{more}\n[Service]\nType=oneshot\n"
        f"RemainAfterExit=yes\nExecStart=/bin/true\n\n[Install]\nWantedBy={target}\n"
    )


_UNITS = "usr/lib/systemd/system"
_CLOUD_CFG = """\
users: [default]
disable_root: true
ssh_pwauth: false
cloud_init_modules:
 - migrator
 - seed_random
 - bootcmd
 - write-files
 - growpart
 - resizefs
 - disk_setup
 - mounts
 - set_hostname
 - update_hostname
 - update_etc_hosts
 - ca-certs
 - rsyslog
 - users-groups
 - ssh
cloud_config_modules:
 - ssh-import-id
 - locale
 - set-passwords
 - timezone
 - runcmd
cloud_final_modules:
 - scripts-user
 - ssh-authkey-fingerprints
 - final-message
system_info:
  distro: rhel
  default_user: {name: cloud-user, lock_passwd: True}
"""

AGENT = Rpm(
    name="WALinuxAgent",
    version="2.9.1.1",
    files={
        "usr/sbin/waagent": "#!/usr/bin/python3\nprint('WALinuxAgent-2.9.1.1')\n",
        "etc/waagent.conf": "Provisioning.Agent=auto\nResourceDisk.Format=n\n"
        "ResourceDisk.EnableSwap=n\nAutoUpdate.Enabled=y\n",
        f"{_UNITS}/waagent.service": _unit("Azure Linux Agent"),
        f"{_SITE}/azurelinuxagent/common/version.py": "AGENT_VERSION = '2.9.1.1'\n",
        f"{_SITE}/distro/__init__.py": "",
        "usr/lib/udev/rules.d/66-azure-storage.rules": "# names for the disks of Azure\n",
    },
)
CLOUD_INIT = Rpm(
    name="cloud-init",
    version="23.4",
    files={
        "usr/bin/cloud-init": "#!/usr/bin/python3\n",
        "etc/cloud/cloud.cfg": _CLOUD_CFG,
        f"{_SITE}/cloudinit/version.py": '__VERSION__ = "23.4"\n_PACKAGED_VERSION = "23.4"\n',
        f"{_UNITS}/cloud-init.target": "[Unit]\nDescription=Cloud-init target\n"
        "After=multi-user.target\n",
        f"{_SITE}/requests/__init__.py": "",
        f"{_SITE}/yaml/__init__.py": "",
        **{
            f"{_UNITS}/{name}.service": _unit(name, target="cloud-init.target")
            for name in ("cloud-init-local", "cloud-init", "cloud-config", "cloud-final")
        },
        "usr/lib/systemd/system-generators/cloud-init-generator": "#!/bin/sh\nexit 0\n",
    },
)
DAEMONS = Rpm(
    name="hyperv-daemons",
    version="0",
    files={
        "usr/sbin/hypervkvpd": "#!/bin/sh\n",
        f"{_UNITS}/hypervkvpd.service": _unit("Hyper-V KVP daemon"),
    },
)
GROWPART = Rpm(
    name="cloud-utils-growpart", version="0.33", files={"usr/bin/growpart": "#!/bin/sh\n"}
)
GDISK = Rpm(name="gdisk", version="1.0.7", files={"usr/sbin/sgdisk": "#!/bin/sh\n"})
DHCP_CLIENT = Rpm(name="dhcp-client", version="4.4.2", files={"usr/sbin/dhclient": "#!/bin/sh\n"})
RELEASE = Rpm(
    name="rocky-release",
    version="9.4",
    files={"etc/rocky-release": "Rocky Linux release 9.4 (Blue Onyx)\n"},
    provides=("system-release = 9.4-1.el9", "system-release(releasever) = 9"),
)
SUSE_RELEASE = Rpm(
    name="sles-release",
    version="15.6",
    files={"etc/products.d/SLES.prod": "<product><name>SLES</name></product>\n"},
)
SUSE_AGENT = Rpm(name="python-azure-agent", version="2.9.1.1", files=AGENT.files)
SUSE_DAEMONS = Rpm(
    name="hyper-v",
    version="8",
    files={
        "usr/sbin/hv_kvp_daemon": "#!/bin/sh\n",
        f"{_UNITS}/hv_kvp_daemon.service": _unit("Hyper-V KVP daemon"),
    },
)
SUSE_GROWPART = Rpm(name="growpart", version="0.33", files=GROWPART.files)
SUSE_GDISK = Rpm(name="gptfdisk", version="1.0.9", files=GDISK.files)
# Debian's minimal Python has no crypt, and neither has that of SUSE since 3.13.
SUSE_PASSLIB = Rpm(
    name="python3-passlib", version="1.7.4", files={f"{_SITE}/passlib/__init__.py": ""}
)

REPOSITORY = (AGENT, CLOUD_INIT, DAEMONS, GROWPART, GDISK, DHCP_CLIENT)
"""What a guest shaped like Red Hat lacks."""

SUSE_REPOSITORY = (
    SUSE_AGENT,
    CLOUD_INIT,
    SUSE_DAEMONS,
    SUSE_GROWPART,
    SUSE_GDISK,
    SUSE_PASSLIB,
    DHCP_CLIENT,
)
"""What a guest shaped like SUSE lacks."""


def build(rpms: tuple[Rpm, ...], out: Path, work: Path) -> None:
    """Build packages into the directory ``out``."""
    for rpm in rpms:
        tops = work / f"rpmbuild-{rpm.name}"
        root = work / f"root-{rpm.name}"
        root.mkdir()
        for name, text in rpm.files.items():
            is_program = "/bin/" in name or "/sbin/" in name or "generators/" in name
            put(root, name, text, mode=0o755 if is_program else 0o644)
        spec = work / f"{rpm.name}.spec"
        spec.write_text(rpm.spec())
        argv = (
            *("rpmbuild", "-bb", "--quiet", "--buildroot", str(root), "--noclean"),
            *("--define", f"_topdir {tops}", "--define", f"_rpmdir {out}"),
            *("--define", "_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm"),
            # The files stand in the build root already: nothing may empty or change it.
            *("--define", "__spec_install_pre %{nil}", "--define", "__os_install_post %{nil}"),
            *("--define", "_binary_payload w6.gzdio"),
            str(spec),
        )
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"rpmbuild of {rpm.name} failed:\n{done.stderr[-2000:]}")


def repository(name: str, rpms: tuple[Rpm, ...]) -> Path:
    """A directory of packages as a cached tar."""

    def make(tar: Path, work: Path) -> None:
        out = work / "out"
        out.mkdir()
        build(rpms, out, work)
        files = sorted(path.name for path in out.glob("*.rpm"))
        subprocess.run(["tar", f"--directory={out}", "-cf", str(tar), *files], check=True)

    key = digest(*(repr(rpm) for rpm in rpms), Path(__file__).read_bytes())
    return cached(f"rpms-{name}", key, ".tar", make)
