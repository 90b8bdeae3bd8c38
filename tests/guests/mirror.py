"""Where the packages come from: the mirror that this machine's own apt is configured with."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

APT_HELPER = "/usr/lib/apt/apt-helper"
MIRROR_VARIABLE = "BOOTWORTHY_DEBIAN_MIRROR"

# What a mirror may need said to apt besides its address; the guest needs it as much as the host.
_OPTIONS = (
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
)


class NoMirrorError(Exception):
    """The host's apt names no Debian archive that has the suite."""


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """One-line ``deb`` sources, the archive first, and lines for apt.conf."""

    sources: tuple[str, ...]
    options: tuple[str, ...] = ()


def host_mirror(suite: str) -> Mirror:
    """The archive of the host's apt, with the updates and security archives that it really has.

    Raises:
        NoMirrorError: the host's apt knows no Debian archive and the environment names none.
    """
    archives = _host_archives()
    named = os.environ.get(MIRROR_VARIABLE, "")
    if named:
        archives[""] = f"{named.rstrip('/')}/"
    if "" not in archives:
        raise NoMirrorError(f"apt here has no Debian archive; set {MIRROR_VARIABLE} to one")
    found = [
        (uri, f"{suite}{pocket}")
        for pocket, uri in archives.items()
        if not pocket or _has_suite(uri, f"{suite}{pocket}")
    ]
    return Mirror(
        sources=tuple(f"deb {uri} {release} main" for uri, release in found),
        options=_host_options(),
    )


def _host_archives() -> dict[str, str]:
    """Addresses by pocket: "" for the archive itself, then "-updates" and "-security"."""
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian":
        return {}
    codename = release.get("VERSION_CODENAME", "")
    listing = _output(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"
    )
    addresses: dict[str, str] = {}
    for line in listing.splitlines():
        uri, _, name = line.partition(" ")
        addresses.setdefault(name, uri)
    pockets = ("", "-updates", "-security")
    return {
        pocket: addresses[codename + pocket]
        for pocket in pockets
        if codename and codename + pocket in addresses
    }


def _has_suite(uri: str, release: str) -> bool:
    """Whether the mirror answers for a suite, asked with the host's own apt settings."""
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "InRelease"
        argv = [APT_HELPER, "download-file", f"{uri}dists/{release}/InRelease", str(target)]
        done = subprocess.run(argv, check=False, capture_output=True, timeout=120)
        return done.returncode == 0


def _host_options() -> tuple[str, ...]:
    lines = _output("apt-config", "dump").splitlines()
    return tuple(line for line in lines if line.partition(" ")[0] in _OPTIONS and _has_value(line))


def _has_value(line: str) -> bool:
    words = shlex.split(line.rstrip(";"))
    return len(words) == 2 and bool(words[1])


def _output(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
