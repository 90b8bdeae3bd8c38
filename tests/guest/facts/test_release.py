"""Releases are recognised by os-release and by what came before it."""

from __future__ import annotations

import pytest

from bootworthy.guest.facts.release import Family, Release, read
from tests.guest.memory import Link, MemoryTree

# As the packages base-files of Debian 12, Ubuntu 24.04 and others ship them.
BOOKWORM = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
"""


def test_debian() -> None:
    tree = MemoryTree(
        {"/etc/os-release": Link("../usr/lib/os-release"), "/usr/lib/os-release": BOOKWORM}
    )

    assert read(tree) == Release(
        id="debian",
        version_id="12",
        id_like=(),
        name="Debian GNU/Linux",
        pretty_name="Debian GNU/Linux 12 (bookworm)",
        codename="bookworm",
        family=Family.DEBIAN,
    )
    assert read(tree).major == 12


@pytest.mark.parametrize(
    ("text", "id_", "version", "codename", "family"),
    [
        (
            'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nUBUNTU_CODENAME=noble\n',
            "ubuntu",
            "24.04",
            "noble",
            Family.DEBIAN,
        ),
        (
            'ID=ubuntu\nVERSION="14.04.5 LTS, Trusty Tahr"\nVERSION_ID="14.04"\n',
            "ubuntu",
            "14.04",
            "trusty",
            Family.DEBIAN,
        ),
        (
            'ID=debian\nVERSION="8 (jessie)"\nVERSION_ID="8"\n',
            "debian",
            "8",
            "jessie",
            Family.DEBIAN,
        ),
        (
            'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="21"\n',
            "linuxmint",
            "21",
            "",
            Family.DEBIAN,
        ),
        ('ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\n', "centos", "9", "", Family.REDHAT),
        (
            'ID="eurolinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n',
            "eurolinux",
            "9.4",
            "",
            Family.REDHAT,
        ),
        ("ID=fedora\nVERSION_ID=42\n", "fedora", "42", "", Family.FEDORA),
        (
            'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n',
            "opensuse-leap",
            "15.6",
            "",
            Family.SUSE,
        ),
        ("ID=azurelinux\nVERSION_ID='3.0'\n", "azurelinux", "3.0", "", Family.AZURE_LINUX),
        ('ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n', "amzn", "2023", "", Family.AMAZON),
        ("ID=alpine\nVERSION_ID=3.20.1\n", "alpine", "3.20.1", "", Family.ALPINE),
        ("ID=arch\n", "arch", "", "", Family.ARCH),
        ("ID=nixos\nVERSION_ID=24.05\n", "nixos", "24.05", "", Family.OTHER),
    ],
)
def test_families(text: str, id_: str, version: str, codename: str, family: Family) -> None:
    release = read(MemoryTree({"/etc/os-release": text}))

    assert (release.id, release.version_id) == (id_, version)
    assert (release.codename, release.family) == (codename, family)


@pytest.mark.parametrize(
    ("files", "id_", "version", "family"),
    [
        ({"/etc/redhat-release": "CentOS release 6.10 (Final)\n"}, "centos", "6.10", Family.REDHAT),
        (
            {"/etc/SuSE-release": "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\n"},
            "sles",
            "11",
            Family.SUSE,
        ),
        ({"/etc/debian_version": "7.11\n"}, "debian", "7.11", Family.DEBIAN),
        ({"/etc/debian_version": "trixie/sid\n"}, "debian", "", Family.DEBIAN),
        (
            {"/etc/lsb-release": "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n"},
            "ubuntu",
            "10.04",
            Family.DEBIAN,
        ),
        ({"/etc/alpine-release": "3.4.0\n"}, "alpine", "3.4.0", Family.ALPINE),
        ({"/etc/arch-release": ""}, "arch", "", Family.ARCH),
        ({}, "", "", Family.OTHER),
        (
            {"/etc/os-release": b"\0\xff\0", "/etc/debian_version": "12.5\n"},
            "debian",
            "12.5",
            Family.DEBIAN,
        ),
    ],
)
def test_without_os_release(
    files: dict[str, str | bytes], id_: str, version: str, family: Family
) -> None:
    release = read(MemoryTree(dict(files)))

    assert (release.id, release.version_id, release.family) == (id_, version, family)


def test_testing_has_no_major_version() -> None:
    assert read(MemoryTree({"/etc/os-release": "ID=debian\n"})).major is None


def test_quotes_and_escapes_are_those_of_the_shell() -> None:
    text = 'ID=\'debian\'\nNAME="a \\"b\\" \\$c"\n# comment\nbroken\n'

    release = read(MemoryTree({"/etc/os-release": text}))

    assert (release.id, release.name) == ("debian", 'a "b" $c')
