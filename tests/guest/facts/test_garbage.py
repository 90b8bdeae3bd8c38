"""Whatever a guest's files hold, reading its facts ends with facts or a GuestError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.facts import (
    accounts,
    agent,
    fstab,
    network,
    packages,
    release,
    services,
    sshd,
    swap,
)
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from tests.guest.memory import Device, Dir, File, Link, MemoryTree, Node

UNIT = "/etc/systemd/system/x.service"
PATHS = (
    "/etc/os-release",
    "/etc/lsb-release",
    "/etc/redhat-release",
    "/etc/debian_version",
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
    "/var/lib/pacman/local/x/desc",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/login.defs",
    "/etc/fstab",
    "/etc/ssh/sshd_config",
    "/etc/network/interfaces",
    "/etc/netplan/a.yaml",
    "/etc/systemd/network/a.network",
    "/etc/systemd/network/a.link",
    "/etc/NetworkManager/system-connections/a.nmconnection",
    "/etc/sysconfig/network-scripts/ifcfg-a",
    "/etc/sysconfig/network/ifcfg-a",
    "/etc/udev/rules.d/70-persistent-net.rules",
    "/etc/iftab",
    "/etc/waagent.conf",
    "/usr/sbin/waagent",
    "/usr/lib/python3/dist-packages/azurelinuxagent/common/version.py",
    "/swapfile",
    "/etc/dphys-swapfile",
    "/etc/systemd/system/x.swap",
    "/etc/systemd/system/multi-user.target.wants/x.service",
    "/etc/systemd/system-preset/a.preset",
    "/etc/machine-id",
    "/sbin/init",
    UNIT,
)

READERS: dict[str, Callable[[Tree], object]] = {
    "release": release.read,
    "packages": packages.read,
    "services": lambda tree: (services.read(tree).manager, services.read(tree).unit("x.service")),
    "accounts": accounts.read,
    "fstab": fstab.read,
    "sshd": sshd.read,
    "network": network.read,
    "agent": agent.read,
    "swap": lambda tree: swap.read(tree, fstab.read(tree)),
}

CONTENTS = st.one_of(
    st.binary(max_size=80),
    st.text(alphabet="a1=:#[]{}()'\"\\$`;&|<>-+*?/% \t\r\n\0\x85", max_size=80),
    st.sampled_from(
        [
            b"",
            b"\0" * 5000,
            b"\xff\xfe" * 50,
            b"[Install]\nWantedBy=../../x.target %i.target\nAlias=/x y.service\n",
            b"Include *\nMatch all\n",
            b"source *\nsource-directory /\niface \\\n",
            b"ID=\nID_LIKE=\nVERSION_ID=\n",
            b"\n" * 200,
        ]
    ),
)


@pytest.mark.parametrize("reader", READERS)
@settings(deadline=None)
@given(content=CONTENTS)
def test_any_contents(reader: str, content: bytes | str) -> None:
    tree = MemoryTree(dict.fromkeys(PATHS, content))
    facts: object = "refused"

    with suppress(GuestError):
        facts = READERS[reader](tree)

    assert facts is not None


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "node",
    [Dir(), Device(), Link("/dev/null"), Link("/none/none"), Link("."), File(b"", mode=0)],
    ids=["directory", "device", "null", "dangling", "itself", "empty"],
)
def test_any_kind_of_file(reader: str, node: Node) -> None:
    tree = MemoryTree(dict.fromkeys(PATHS, node))
    facts: object = "refused"

    with suppress(GuestError):
        facts = READERS[reader](tree)

    assert facts is not None


@pytest.mark.parametrize("reader", READERS)
def test_links_in_circles(reader: str) -> None:
    tree = MemoryTree({"/etc": Link("/usr"), "/usr": Link("/etc"), "/var": Link("var")})
    facts: object = "refused"

    with suppress(GuestError):
        facts = READERS[reader](tree)

    assert facts is not None
