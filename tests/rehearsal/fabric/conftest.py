"""A fabric, and somebody in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.scenario import Scenario
from tests.guests.cache import cached, digest
from tests.rehearsal.fabric.stand_in import StandIn, stand_in

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


@pytest.fixture(scope="session")
def cloud_init(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the modules of Debian's own cloud-init are."""
    return _unpacked("cloud-init", tmp_path_factory.mktemp("cloud-init"))


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the modules of Debian's own Azure agent are."""
    return _unpacked("waagent", tmp_path_factory.mktemp("agent"))


def _unpacked(package: str, into: Path) -> str:
    """Unpack a package of this machine's own release, without installing it."""
    shown = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", package], check=True, capture_output=True
    )

    def _download(wanted: Path, scratch: Path) -> None:
        argv = ["apt-get", "download", "-o", "APT::Sandbox::User=root", package]
        subprocess.run(argv, cwd=scratch, check=True, capture_output=True)
        next(scratch.glob("*.deb")).rename(wanted)

    file = cached(f"client-{package}", digest(shown.stdout), ".deb", _download)
    subprocess.run(["dpkg-deb", "-x", file, into], check=True)
    return str(into / "usr/lib/python3/dist-packages")
