"""ifupdown's first card takes its address by DHCP; everything fixed goes, the rest stays."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.editors.interfaces import InterfacesFile, use_dhcp
from bootworthy.model.errors import GuestError

# As Debian's installer writes it for a fixed address.
STATIC = """\
# This file describes the network interfaces available on your system
# and how to activate them. For more information, see interfaces(5).

source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug ens18
iface ens18 inet static
	address 192.168.1.5/24
	gateway 192.168.1.1
	# dns-* options are implemented by the resolvconf package, if installed
	dns-nameservers 192.168.1.1
# This is an autoconfigured IPv6 interface
iface ens18 inet6 auto
"""

DHCP = """\
# This file describes the network interfaces available on your system
# and how to activate them. For more information, see interfaces(5).

source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
auto eth0
iface eth0 inet dhcp
	# dns-* options are implemented by the resolvconf package, if installed
# This is an autoconfigured IPv6 interface
"""


def test_the_installers_fixed_address_becomes_dhcp() -> None:
    assert use_dhcp(STATIC, "eth0") == DHCP
    assert use_dhcp(DHCP, "eth0") == DHCP


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n"),
        ("auto eth0\niface eth0 inet dhcp\n", "auto eth0\niface eth0 inet dhcp\n"),
        ("allow-auto eth0\niface eth0 inet dhcp\n", "allow-auto eth0\niface eth0 inet dhcp\n"),
        (
            "allow-hotplug eth0 eth1\niface eth0 inet dhcp\n",
            "allow-hotplug eth1\nauto eth0\niface eth0 inet dhcp\n",
        ),
        ("iface eth0 inet dhcp\n", "auto eth0\niface eth0 inet dhcp\n"),
        (
            "auto eth0\niface eth0 inet dhcp\n  hwaddress ether 00:15:5d:00:00:01\n",
            "auto eth0\niface eth0 inet dhcp\n",
        ),
        (
            "auto lo en3 en4\niface en3 inet dhcp\niface en4 inet static\n address \\\n 1.2.3.4\n",
            "auto lo\nauto eth0\niface eth0 inet dhcp\n",
        ),
        (
            "auto eth0\nauto eth1\niface eth0 inet static\n address 1.2.3\niface eth1 inet dhcp\n",
            "auto eth1\nauto eth0\niface eth0 inet dhcp\niface eth1 inet dhcp\n",
        ),
        (
            "auto eth0\niface eth0 inet manual\niface eth0 inet6 auto\n",
            "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 auto\n",
        ),
        (
            "auto br0\niface br0 inet dhcp\n bridge_ports ens3\niface ens3 inet manual\n",
            "auto eth0\niface eth0 inet dhcp\n",
        ),
        (
            "auto eth0\niface lo inet loopback",
            "iface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n",
        ),
        (
            "iface lo inet loopback\nauto eth0",
            "iface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n",
        ),
        (
            "mapping eth0\n script /x\n map a b\niface a inet dhcp\n",
            "mapping eth0\n script /x\n map a b\nauto eth0\niface eth0 inet dhcp\n",
        ),
    ],
)
def test_edits(before: str, after: str) -> None:
    assert use_dhcp(before, "eth0") == after
    assert use_dhcp(after, "eth0") == after


def test_an_included_file_only_loses_what_is_fixed() -> None:
    text = (
        "# mine\nauto eth0 eth1\niface eth0 inet dhcp\niface eth1 inet dhcp\niface x inet static\n"
    )

    assert use_dhcp(text, None) == "# mine\nauto eth1\niface eth1 inet dhcp\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [("# x\naddress 10.0.0.1\n", 2), ("auto eth0\naddress 1\n", 2), ("\0", 1), ("<html>\n", 1)],
)
def test_what_ifupdown_could_not_read_is_corrupt(text: str, line: int) -> None:
    with pytest.raises(GuestError) as raised:
        use_dhcp(text, "eth0", path="/f")

    assert raised.value.code == "guest-file-corrupt"
    assert raised.value.message.startswith(f"/f:{line} ")


LINES = st.sampled_from(
    [
        "auto lo",
        "auto eth0",
        "allow-hotplug ens3 eth0",
        "iface lo inet loopback",
        "iface eth0 inet dhcp",
        "iface eth0 inet6 auto",
        "iface eth0 inet static",
        "iface ens3 inet static",
        "iface eth1 inet dhcp",
        "# comment",
        "",
        "source-directory x",
        "iface ens3 inet dhcp\n  address \\\n 1",
    ]
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=8).map("\n".join))
def test_whatever_was_there_eth0_is_up_by_dhcp(text: str) -> None:
    once = use_dhcp(text, "eth0")
    file = InterfacesFile(once, "/f")

    assert use_dhcp(once, "eth0") == once
    assert "eth0" in file.started
    methods = [(stanza.name, stanza.family, stanza.method) for stanza in file.interfaces]
    assert ("eth0", "inet", "dhcp") in methods
    assert not any(method == "static" for _, _, method in methods)
    assert once.count("# comment") == text.count("# comment")


IFQUERY = shutil.which("ifquery", path="/sbin:/usr/sbin:/bin:/usr/bin")


@pytest.mark.skipif(not IFQUERY, reason="no ifquery to compare with")
def test_ifquery_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "interfaces").write_text(use_dhcp(STATIC, "eth0"))
    argv = [str(IFQUERY), "--list", "--allow", "hotplug", "-i", str(tmp_path / "interfaces")]

    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()

    assert listed == ["eth0"]
