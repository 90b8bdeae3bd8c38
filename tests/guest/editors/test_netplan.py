"""netplan's files are edited in place and give what is wanted when they are read again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bootworthy.guest.editors.netplan import use_dhcp
from bootworthy.model.errors import GuestError

# As Ubuntu's installer writes it for a fixed address.
SUBIQUITY = """\
# This is the network config written by 'subiquity'
network:
  ethernets:
    ens18:
      addresses:
      - 192.168.1.5/24
      nameservers:
        addresses: [192.168.1.1]
      routes:
      - to: default
        via: 192.168.1.1
    # the second card
    eth1:
      dhcp4: true
  version: 2
"""


def test_the_first_card_becomes_eth0_by_dhcp() -> None:
    text = use_dhcp(SUBIQUITY, "eth0", path="/f")

    assert (
        text
        == """\
# This is the network config written by 'subiquity'
network:
  ethernets:
    eth0:
      dhcp4: true
    # the second card
    eth1:
      dhcp4: true
  version: 2
"""
    )
    assert use_dhcp(text, "eth0", path="/f") == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "network: {version: 2, ethernets: {ens3: {addresses: [1.2.3.4/8]}}}\n",
            "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n",
        ),
        ("", "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n  version: 2\n"),
        (
            "# desktop\nnetwork:\n  version: 2\n  renderer: NetworkManager\n",
            (
                "# desktop\nnetwork:\n  version: 2\n  renderer: NetworkManager\n"
                "  ethernets:\n    eth0:\n      dhcp4: true\n"
            ),
        ),
        (
            (
                "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n"
                "      match:\n        macaddress: 52:54:00:12:34:56\n      set-name: eth0\n"
                "      optional: true\n"
            ),
            (
                "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n"
                "      optional: true\n"
            ),
        ),
        (
            (
                "network:\n  version: 2\n  ethernets:\n    a: {dhcp4: true}\n    # fixed\n"
                "    b:\n      addresses: [1.2.3.4/8]\n    c: {dhcp4: true}\n  bonds:\n    bond0:\n"
                "      interfaces: [a, b]\n  # the end\n"
            ),
            (
                "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n    # fixed\n"
                "    c: {dhcp4: true}\n  bonds: {}\n  # the end\n"
            ),
        ),
        (
            "network:\n  version: 2\n  ethernets:\n    eth0: {dhcp4: true}\n",
            "network:\n  version: 2\n  ethernets:\n    eth0: {dhcp4: true}\n",
        ),
    ],
)
def test_edits(before: str, after: str) -> None:
    assert use_dhcp(before, "eth0", path="/f") == after
    assert use_dhcp(after, "eth0", path="/f") == after


def test_a_file_beside_only_loses_what_is_fixed() -> None:
    text = use_dhcp(SUBIQUITY, None, path="/f")

    assert yaml.safe_load(text) == {
        "network": {"ethernets": {"eth1": {"dhcp4": True}}, "version": 2}
    }
    assert "# the second card" in text


def test_anchors_that_lose_their_definition_are_written_out() -> None:
    text = (
        "network:\n  version: 2\n  ethernets:\n    ens3: &card\n      dhcp4: true\n"
        "      macaddress: 52:54:00:12:34:56\n    eth1: *card\n    eth2: &x {dhcp4: true}\n"
        "    eth3: *x\n"
    )

    edited = yaml.safe_load(use_dhcp(text, "eth0", path="/f"))

    card = {"dhcp4": True}
    assert edited["network"]["ethernets"] == {"eth0": card, "eth2": card, "eth3": card}


@pytest.mark.parametrize("text", ["network: [\n", "- a\n", "\0"])
def test_what_netplan_could_not_read_is_corrupt(text: str) -> None:
    with pytest.raises(GuestError) as raised:
        use_dhcp(text, "eth0", path="/f")

    assert raised.value.code == "guest-file-corrupt"


@pytest.mark.skipif(shutil.which("netplan") is None, reason="no netplan to compare with")
def test_netplan_takes_the_result(tmp_path: Path) -> None:
    (tmp_path / "etc/netplan").mkdir(parents=True)
    file = tmp_path / "etc/netplan/a.yaml"
    file.touch(0o600)
    file.write_text(use_dhcp(SUBIQUITY, "eth0", path="/f"))

    subprocess.run(["netplan", "generate", "--root-dir", tmp_path], check=True)

    made = (tmp_path / "run/systemd/network/10-netplan-eth0.network").read_text()
    assert "DHCP=ipv4" in made
    assert "Address=" not in made
