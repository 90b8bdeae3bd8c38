"""A fabric, and somebody in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.scenario import Scenario
from tests.guests.archive import download
from tests.guests.cache import cached, digest
from tests.rehearsal.fabric.stand_in import StandIn, stand_in

# Debian 11 to 13, and the next.
RELEASES = ("bullseye", "bookworm", "trixie", "forky")

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJvb3R3b3J0aHktdGVzdC1rZXktbm90LWEtc2VjcmV0 tester"


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    """One with a little of everything."""
    return Scenario(
        ssh_public_keys=(KEY,),
        password="Bobby <&> Tables",  # noqa: S106 - it has to survive being put into XML
        host_name="tester-vm",
        custom_data=b"#!/bin/sh\necho custom\n",
        user_data=b"user \xff data",
        data_disks=2,
    )


@pytest.fixture
def fabric(scenario: Scenario, tmp_path: Path) -> Iterator[Fabric]:
    """A running fabric with two interfaces."""
    with Fabric(scenario, tmp_path, nics=2) as running:
        yield running


@pytest.fixture
def guest(fabric: Fabric, tmp_path: Path) -> Iterator[StandIn]:
    """Somebody on its first interface, without an address."""
    with stand_in(fabric, tmp_path) as inside:
        yield inside


@pytest.fixture
def settled(guest: StandIn) -> StandIn:
    """The same, with the address that DHCP gave."""
    guest.lease()
    return guest


@pytest.fixture(scope="session", params=RELEASES)
def cloud_init(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the modules of a Debian release's own cloud-init are."""
    return _unpacked(request.param, "cloud-init", tmp_path_factory.mktemp("cloud-init"))


@pytest.fixture(scope="session", params=RELEASES)
def agent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the modules of a Debian release's own Azure agent are."""
    return _unpacked(request.param, "waagent", tmp_path_factory.mktemp("agent"))


def _unpacked(release: str, package: str, into: Path) -> str:
    """Unpack a package of the release, without installing it."""

    def _download(wanted: Path, scratch: Path) -> None:
        (found,) = download(release, (package,), scratch)
        found.rename(wanted)

    file = cached(f"client-{package}", digest(release, package), ".deb", _download)
    subprocess.run(["dpkg-deb", "-x", file, into], check=True)
    return str(into / "usr/lib/python3/dist-packages")
