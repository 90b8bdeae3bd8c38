"""Every stack's first card ends up on DHCP, and nothing fixed is left in any."""

from __future__ import annotations

import pytest

from bootworthy.guest.editors.dhcp import use_dhcp
from bootworthy.guest.facts.network import Method, read
from tests.guest.memory import File, Link, MemoryTree, Node

MAC = "52:54:00:12:34:56"
Files = dict[str, str | bytes | Node]

NETWORKD: Files = {
    "/usr/lib/systemd/system/systemd-networkd.service": "[Install]\nWantedBy=multi-user.target\n",
    "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": Link(
        "/usr/lib/systemd/system/systemd-networkd.service"
    ),
}
PROFILES = "/etc/NetworkManager/system-connections"

STACKS: dict[str, Files] = {
    "ifupdown": {
        "/etc/network/interfaces": "source interfaces.d/*\nauto lo\niface lo inet loopback\n",
        "/etc/network/interfaces.d/ens3": "auto ens3\niface ens3 inet static\n address 1.2.3.4\n",
    },
    "netplan": {
        "/etc/netplan/00-a.yaml": "network:\n  renderer: networkd\n",
        "/etc/netplan/50-b.yaml": "network:\n  ethernets:\n    ens3:\n      dhcp4: true\n"
        f"      match: {{macaddress: '{MAC}'}}\n    ens4: {{addresses: [1.2.3.4/8]}}\n",
    },
    "networkd": {
        **NETWORKD,
        "/etc/systemd/network/a.network": f"# mine\n[Match]\nMACAddress={MAC}\n\n[Network]\n"
        "Address=1.2.3.4/8\nLLDP=yes\n\n[Route]\nGateway=1.2.3.1\n",
        "/etc/systemd/network/b.network": "[Match]\nName=ens4\n[Network]\nAddress=1.2.3.5/8\n",
    },
    "networkmanager": {
        f"{PROFILES}/a.nmconnection": File(
            "[connection]\nid=Wired\nuuid=1\ntype=ethernet\nautoconnect=false\n\n"
            f"[ethernet]\nmac-address={MAC}\n\n[ipv4]\naddress1=1.2.3.4/8,1.2.3.1\ndns=1.1.1.1;\n"
            "method=manual\n\n[ipv6]\nmethod=manual\naddresses1=fd00::1/64\n",
            mode=0o600,
        ),
        f"{PROFILES}/b.nmconnection": "[connection]\ninterface-name=ens4\n[ipv4]\nmethod=manual\n",
    },
    "ifcfg": {
        "/etc/sysconfig/network-scripts/ifcfg-ens3": "# mine\nDEVICE=ens3\nONBOOT=no\n"
        f"BOOTPROTO=none\nIPADDR=1.2.3.4\nPREFIX=8\nHWADDR={MAC}\nMTU=1500\n",
    },
    "wicked": {
        "/etc/sysconfig/network/ifcfg-em1": "# mine\nBOOTPROTO='static'\nSTARTMODE='auto'\n"
        "IPADDR='1.2.3.4/8'\n",
    },
}


@pytest.mark.parametrize("stack", STACKS)
def test_the_first_card_is_up_by_dhcp(stack: str) -> None:
    tree = MemoryTree(STACKS[stack])

    assert use_dhcp(tree, read(tree), "eth0")
    network = read(tree)

    assert network.stacks == (stack,)
    first = network.interfaces[0]
    assert (first.name, first.method, first.mac, first.starts) == ("eth0", Method.DHCP, "", True)
    assert all(card.method is not Method.STATIC and not card.mac for card in network.interfaces)


@pytest.mark.parametrize("stack", STACKS)
def test_doing_it_twice_changes_nothing(stack: str) -> None:
    tree = MemoryTree(STACKS[stack])
    use_dhcp(tree, read(tree), "eth0")
    once = tree.snapshot()

    use_dhcp(tree, read(tree), "eth0")

    assert tree.snapshot() == once


def test_what_has_nothing_to_do_with_addresses_stays() -> None:
    tree = MemoryTree(STACKS["networkd"] | STACKS["networkmanager"] | STACKS["ifcfg"])
    for stack in ("networkd", "networkmanager", "ifcfg"):
        tree = MemoryTree(STACKS[stack])
        use_dhcp(tree, read(tree), "eth0")
        text = "".join(
            node.content.decode() for node in tree.snapshot().values() if isinstance(node, File)
        )
        kept = {
            "networkd": ("# mine\n", "LLDP=yes\n"),
            "networkmanager": ("id=Wired\n", "uuid=1\n"),
            "ifcfg": ("# mine\n", "MTU=1500\n"),
        }
        assert all(line in text for line in kept[stack])


def test_a_profile_keeps_its_mode() -> None:
    tree = MemoryTree(STACKS["networkmanager"])

    use_dhcp(tree, read(tree), "eth0")

    assert tree.status(f"{PROFILES}/a.nmconnection").mode == 0o600
    assert not tree.exists(f"{PROFILES}/b.nmconnection")


def test_the_file_of_initscripts_gets_the_cards_name() -> None:
    tree = MemoryTree(STACKS["ifcfg"])

    use_dhcp(tree, read(tree), "eth0")

    assert tree.listdir("/etc/sysconfig/network-scripts") == ["ifcfg-eth0"]
    assert tree.text("/etc/sysconfig/network-scripts/ifcfg-eth0") == (
        "# mine\nDEVICE=eth0\nONBOOT=yes\nBOOTPROTO=dhcp\nMTU=1500\n"
    )


def test_only_one_of_two_stacks_gets_the_card() -> None:
    tree = MemoryTree(STACKS["ifupdown"] | STACKS["networkd"])

    use_dhcp(tree, read(tree), "eth0")

    cards = [(card.stack, card.name) for card in read(tree).interfaces]
    assert cards == [("ifupdown", "eth0")]


def test_networkd_without_files_gets_one() -> None:
    tree = MemoryTree(NETWORKD)

    assert use_dhcp(tree, read(tree), "eth0")

    assert tree.text("/etc/systemd/network/20-eth0.network") == (
        "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n"
    )


def test_a_guest_without_any_stack_cannot_be_configured() -> None:
    tree = MemoryTree()

    assert not use_dhcp(tree, read(tree), "eth0")
    assert tree.snapshot() == MemoryTree().snapshot()
