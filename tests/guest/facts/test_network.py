"""Interfaces are found in every stack that is in use, and names that are tied to hardware."""

from __future__ import annotations

import pytest

from bootworthy.guest.facts.network import Interface, Method, PinnedName, read
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place
from tests.guest.memory import File, Link, MemoryTree, Node

MAC = "52:54:00:12:34:56"

Files = dict[str, str | bytes | Node]


def only(files: Files) -> Interface:
    """The one interface of a guest."""
    (interface,) = read(MemoryTree(files)).interfaces
    return interface


def test_a_guest_without_configuration() -> None:
    network = read(MemoryTree())

    assert (network.stacks, network.interfaces, network.pinned_names) == ((), (), ())


INTERFACES = "/etc/network/interfaces"


def test_ifupdown() -> None:
    tree = MemoryTree(
        {
            "/sbin/ifup": "",
            INTERFACES: "source interfaces.d/*\n\nauto lo\niface lo inet loopback\n"
            "allow-hotplug ens18\niface ens18 inet dhcp\niface ens18 inet6 auto\n",
            "/etc/network/interfaces.d/br": "auto /br*\nauto br0\niface br0 inet static\n"
            f"  hwaddress ether {MAC}\n",
            "/etc/network/interfaces.d/manual": "iface eth9 inet manual\n",
        }
    )
    network = read(tree)

    assert network.stacks == ("ifupdown",)
    assert network.interfaces[0] == Interface(
        name="ens18",
        method=Method.DHCP,
        mac="",
        starts=True,
        stack="ifupdown",
        place=Place(INTERFACES, 6),
        awaited=False,
    )
    assert [(i.name, i.method, i.mac, i.starts) for i in network.interfaces[1:]] == [
        ("ens18", Method.OTHER, "", True),
        ("br0", Method.STATIC, MAC, True),
        ("eth9", Method.MANUAL, "", False),
    ]
    assert network.interfaces[2].place == Place("/etc/network/interfaces.d/br", 3)


def test_ifupdown_follows_what_it_includes_once() -> None:
    tree = MemoryTree(
        {
            INTERFACES: "source-directory /etc/network/interfaces.d\n",
            "/etc/network/interfaces.d/a": f"source {INTERFACES}\nauto e*\niface eth0 inet dhcp\n",
            "/etc/network/interfaces.d/a.bak": "iface eth1 inet static\n",
        }
    )

    assert [(i.name, i.starts) for i in read(tree).interfaces] == [("eth0", True)]


def test_ifupdown_counts_as_used_without_interfaces() -> None:
    files: Files = {INTERFACES: "auto lo\niface lo inet loopback\n", "/usr/sbin/ifup": ""}

    assert read(MemoryTree(files)).stacks == ("ifupdown",)
    del files["/usr/sbin/ifup"]
    assert read(MemoryTree(files)).stacks == ()


def test_damaged_interfaces_are_corrupt() -> None:
    with pytest.raises(GuestError) as raised:
        read(MemoryTree({INTERFACES: "garbage\n"}))

    assert raised.value.code == "guest-file-corrupt"


def test_netplan_merges_its_files() -> None:
    tree = MemoryTree(
        {
            "/etc/netplan/00-installer-config.yaml": "network:\n  version: 2\n  ethernets:\n"
            "    ens18:\n      addresses: [10.0.0.2/24]\n      gateway4: 10.0.0.1\n",
            "/etc/netplan/50-cloud-init.yaml": "network:\n  ethernets:\n    eth0:\n"
            f"      dhcp4: true\n      match: {{macaddress: '{MAC}'}}\n      set-name: eth0\n",
            "/etc/netplan/60-more.yaml": "network:\n  ethernets:\n    ens18:\n      dhcp4: yes\n",
        }
    )
    network = read(tree)

    assert network.stacks == ("netplan",)
    assert [(i.name, i.method, i.mac, i.place) for i in network.interfaces] == [
        (
            "ens18",
            Method.STATIC,
            "",
            Place("/etc/netplan/00-installer-config.yaml", within="ethernets.ens18"),
        ),
        (
            "eth0",
            Method.DHCP,
            MAC,
            Place("/etc/netplan/50-cloud-init.yaml", within="ethernets.eth0"),
        ),
    ]


@pytest.mark.parametrize(
    ("settings", "name", "method", "starts"),
    [
        ("{dhcp4: true}", "any", Method.DHCP, True),
        ("{dhcp4: false, optional: true}", "any", Method.MANUAL, True),
        ("{dhcp6: true}", "any", Method.MANUAL, True),
        ("{dhcp4: true, match: {name: 'en*'}}", "en*", Method.DHCP, True),
        ("{dhcp4: true, match: {driver: hv_netvsc}}", "*", Method.DHCP, True),
        ("{dhcp4: true, match: {driver: [virtio_net, 'hv_*']}}", "*", Method.DHCP, True),
        ("{dhcp4: true, match: {driver: virtio_net}}", "any", Method.DHCP, True),
        ("{dhcp4: true, match: {}}", "*", Method.DHCP, True),
        ("{dhcp4: true, activation-mode: manual}", "any", Method.DHCP, False),
        ("", "any", Method.MANUAL, True),
    ],
)
def test_netplan_settings(settings: str, name: str, method: Method, starts: bool) -> None:
    interface = only(
        {"/etc/netplan/a.yaml": f"network: {{version: 2, ethernets: {{any: {settings}}}}}\n"}
    )

    assert (interface.name, interface.method, interface.starts) == (name, method, starts)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text", ["network: [\n", "network: {a: b: c}\n", "- a\n", BOMB + "network: {}\n", "\0"]
)
def test_damaged_netplan_files_are_corrupt(text: str) -> None:
    with pytest.raises(GuestError) as raised:
        read(MemoryTree({"/etc/netplan/a.yaml": text}))

    assert raised.value.code == "guest-file-corrupt"
    assert raised.value.message.startswith("/etc/netplan/a.yaml:1 ")


@pytest.mark.parametrize(
    "text", ["", "network:\n", "network: 3\n", "network: {ethernets: [a]}\n", "other: 1\n"]
)
def test_netplan_files_without_interfaces(text: str) -> None:
    assert read(MemoryTree({"/etc/netplan/a.yaml": text})).stacks == ()


NETWORKD: Files = {
    "/sbin/init": Link("/lib/systemd/systemd"),
    "/usr/lib/systemd/system/systemd-networkd.service": "[Install]\nWantedBy=multi-user.target\n",
}
NETWORKD_ON: Files = {
    **NETWORKD,
    "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": Link(
        "/usr/lib/systemd/system/systemd-networkd.service"
    ),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Match]\nName=eth0\n[Network]\nDHCP=yes\n", [("eth0", Method.DHCP, "", True)]),
        (
            "[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\n",
            [("en*", Method.DHCP, "", True), ("eth*", Method.DHCP, "", True)],
        ),
        (
            "[Match]\nName=ens3\n[Network]\nDHCP=no\nAddress=10.0.0.2/24\n",
            [("ens3", Method.STATIC, "", True)],
        ),
        (
            "[Match]\nName=ens3\n[Address]\nAddress=10.0.0.2/24\n",
            [("ens3", Method.STATIC, "", True)],
        ),
        (f"[Match]\nMACAddress={MAC}\n[Network]\nDHCP=ipv6\n", [("*", Method.MANUAL, MAC, True)]),
        ("[Match]\nType=ether\n[Network]\nDHCP=true\n", [("*", Method.DHCP, "", True)]),
        ("[Match]\nDriver=hv_netvsc\n[Network]\nDHCP=true\n", [("*", Method.DHCP, "", True)]),
        (
            "[Match]\nDriver=virtio_net\n[Network]\nDHCP=true\n",
            [("driver virtio_net", Method.DHCP, "", True)],
        ),
        (
            "[Match]\nName=eth0\n[Link]\nActivationPolicy=manual\n",
            [("eth0", Method.MANUAL, "", False)],
        ),
        ("[Match]\nName=eth1\n[Link]\nUnmanaged=yes\n", []),
        ("[Match]\nName=lo\n[Network]\nAddress=127.0.0.2/8\n", []),
        ("[Match]\nVirtualization=container\nName=host0\n[Network]\nDHCP=yes\n", []),
        ("garbage\n", []),
    ],
)
def test_networkd(text: str, expected: list[tuple[str, Method, str, bool]]) -> None:
    network = read(MemoryTree({**NETWORKD_ON, "/etc/systemd/network/10-x.network": text}))

    assert network.stacks == ("networkd",)
    assert [(i.name, i.method, i.mac, i.starts) for i in network.interfaces] == expected


def test_networkd_counts_only_when_it_starts() -> None:
    files: Files = {"/etc/systemd/network/a.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"}

    assert read(MemoryTree({**NETWORKD, **files})).stacks == ()
    assert read(MemoryTree({**NETWORKD_ON, **files})).stacks == ("networkd",)
    assert read(MemoryTree(files)).stacks == ("networkd",)


def test_a_file_of_networkd_hides_the_vendors() -> None:
    dhcp = "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"
    files: Files = {
        **NETWORKD_ON,
        "/usr/lib/systemd/network/a.network": dhcp,
        "/usr/lib/systemd/network/b.network": dhcp,
        "/etc/systemd/network/a.network": Link("/dev/null"),
    }

    assert [i.place.path for i in read(MemoryTree(files)).interfaces] == [
        "/usr/lib/systemd/network/b.network"
    ]


PROFILES = "/etc/NetworkManager/system-connections"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[connection]\nid=Wired\ntype=ethernet\n[ipv4]\nmethod=auto\n",
            ("*", Method.DHCP, "", True),
        ),
        ("[connection]\ntype=ethernet\ninterface-name=eth0\n", ("eth0", Method.DHCP, "", True)),
        (
            (
                "[connection]\ninterface-name=ens3\nautoconnect=false\n[ipv4]\nmethod=manual\n"
                f"[ethernet]\nmac-address={MAC}\n"
            ),
            ("ens3", Method.STATIC, MAC, False),
        ),
        (
            (
                "[connection]\ntype=802-3-ethernet\n[802-3-ethernet]\ncloned-mac-address=preserve\n"
                "[ipv4]\nmethod=disabled\n"
            ),
            ("*", Method.MANUAL, "", True),
        ),
        (
            "[connection]\ntype=ethernet\nmaster=bond0\n",
            ("*", Method.MANUAL, "", True),
        ),
    ],
)
def test_network_manager(text: str, expected: tuple[str, Method, str, bool]) -> None:
    files: Files = {
        f"{PROFILES}/a.nmconnection": File(text, mode=0o600),
        f"{PROFILES}/.a.swp": text,
        f"{PROFILES}/vpn.nmconnection": "[connection]\ntype=vpn\n",
        f"{PROFILES}/broken.nmconnection": b"\0",
    }
    interface = only(files)

    assert (interface.name, interface.method, interface.mac, interface.starts) == expected
    assert interface.place == Place(f"{PROFILES}/a.nmconnection")


def test_network_manager_counts_without_profiles() -> None:
    files: Files = {
        "/usr/lib/systemd/system/NetworkManager.service": "[Install]\nWantedBy=multi-user.target\n",
        f"{PROFILES}/a.nmconnection": "[connection]\ntype=ethernet\n",
    }
    link = "/etc/systemd/system/multi-user.target.wants/NetworkManager.service"
    target = "/usr/lib/systemd/system/NetworkManager.service"

    assert read(MemoryTree(files)).stacks == ()
    del files[f"{PROFILES}/a.nmconnection"]
    assert read(MemoryTree({**files, link: Link(target)})).stacks == ("networkmanager",)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "ifcfg-eth0",
            "DEVICE=eth0\nONBOOT=yes\nBOOTPROTO=dhcp\n",
            ("eth0", Method.DHCP, "", True),
        ),
        (
            "ifcfg-ens3",
            f'NAME="System ens3"\nONBOOT=no\nBOOTPROTO=none\nIPADDR=10.0.0.2\nHWADDR="{MAC}"\n',
            ("*", Method.STATIC, MAC, False),
        ),
        ("ifcfg-ens3", "BOOTPROTO=none\nMASTER=bond0\n", ("ens3", Method.MANUAL, "", True)),
    ],
)
def test_ifcfg(name: str, text: str, expected: tuple[str, Method, str, bool]) -> None:
    directory = "/etc/sysconfig/network-scripts"
    files: Files = {
        f"{directory}/{name}": text,
        f"{directory}/ifcfg-lo": "DEVICE=lo\nIPADDR=127.0.0.1\n",
        f"{directory}/{name}.bak": text,
        f"{directory}/ifcfg-broken": "'\n",
    }
    network = read(MemoryTree(files))

    assert network.stacks == ("ifcfg",)
    (interface,) = network.interfaces
    assert (interface.name, interface.method, interface.mac, interface.starts) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BOOTPROTO='dhcp'\nSTARTMODE='auto'\n", ("eth0", Method.DHCP, "", True)),
        ("BOOTPROTO='dhcp'\n", ("eth0", Method.DHCP, "", False)),
        (
            f"BOOTPROTO='static'\nSTARTMODE='hotplug'\nIPADDR_0='10.0.0.2/24'\nLLADDR='{MAC}'\n",
            ("eth0", Method.STATIC, MAC, True),
        ),
    ],
)
def test_wicked(text: str, expected: tuple[str, Method, str, bool]) -> None:
    network = read(
        MemoryTree(
            {
                "/etc/sysconfig/network/ifcfg-eth0": text,
                "/etc/sysconfig/network/ifcfg.template": text,
                "/etc/sysconfig/network/ifcfg-lo": "",
            }
        )
    )

    assert network.stacks == ("wicked",)
    (interface,) = network.interfaces
    assert (interface.name, interface.method, interface.mac, interface.starts) == expected


RULE = f'SUBSYSTEM=="net", ACTION=="add", ATTR{{address}}=="{MAC}", NAME="eth0"'


def test_names_tied_to_hardware() -> None:
    tree = MemoryTree(
        {
            "/etc/udev/rules.d/70-persistent-net.rules": f"# by the generator\n{RULE}\n\n{RULE}\n",
            "/etc/udev/rules.d/10-mine.rules": RULE.replace(", NAME", ", \\\n  NAME"),
            "/etc/udev/rules.d/20-mixed.rules": f'{RULE}\nKERNEL=="sda", MODE="0660"\n',
            "/etc/udev/rules.d/30-other.rules": 'SUBSYSTEM=="net", DRIVERS=="hv_pci", NAME="vf0"\n',
            "/lib/udev/rules.d/75-persistent-net-generator.rules": "# rules\n",
            "/etc/systemd/network/10-lan.link": f"[Match]\nMACAddress={MAC}\n[Link]\nName=lan\n",
            "/etc/systemd/network/20-all.link": "[Match]\nOriginalName=*\n[Link]\nMTUBytes=9000\n",
            "/etc/iftab": f"# old\neth0 mac {MAC}\n",
        }
    )

    assert read(tree).pinned_names == (
        PinnedName(
            place=Place("/etc/udev/rules.d/10-mine.rules", 1),
            text=f'SUBSYSTEM=="net", ACTION=="add", ATTR{{address}}=="{MAC}",  NAME="eth0"',
        ),
        PinnedName(place=Place("/etc/udev/rules.d/70-persistent-net.rules", 2), text=RULE),
        PinnedName(place=Place("/etc/udev/rules.d/70-persistent-net.rules", 4), text=RULE),
        PinnedName(
            place=Place("/lib/udev/rules.d/75-persistent-net-generator.rules"),
            text="writes 70-persistent-net.rules at boot",
        ),
        PinnedName(place=Place("/etc/systemd/network/10-lan.link", 2), text=f"MACAddress={MAC}"),
        PinnedName(place=Place("/etc/iftab", 2), text=f"eth0 mac {MAC}"),
    )


@pytest.mark.parametrize("mask", [Link("/dev/null"), File("")])
def test_a_masked_generator_pins_nothing(mask: Node) -> None:
    tree = MemoryTree(
        {
            "/etc/udev/rules.d/75-persistent-net-generator.rules": mask,
            "/lib/udev/rules.d/75-persistent-net-generator.rules": "# rules\n",
            "/etc/udev/rules.d/70-persistent-net.rules": b"\0",
        }
    )

    assert read(tree).pinned_names == ()


def test_networkd_of_systemd_itself_for_containers_is_no_card() -> None:
    text = "[Match]\nName=ve-*\nDriver=veth\n[Network]\nAddress=0.0.0.0/28\nDHCPServer=yes\n"
    found = read(MemoryTree({"/usr/lib/systemd/network/80-container-ve.network": text}))
    assert found.interfaces == ()
