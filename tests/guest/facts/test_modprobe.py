from __future__ import annotations

import pytest

from bootworthy.guest.facts import modprobe
from bootworthy.guest.facts.modprobe import Directive
from bootworthy.model.finding import Place
from tests.guest.memory import Link, MemoryTree

TEXT = """\
# blacklist commented
  blacklist hv-netvsc
install udf /bin/true

alias net-pf-10 off
options hv_storvsc \\
  ring_size=1 \\
  other=2
softdep ext4 pre: crc32c
nonsense vfat
blacklist
# a comment that goes on \\
blacklist inside_the_comment
remove floppy /sbin/rmmod floppy"""


def test_parse() -> None:
    found = [(d.command, d.module, d.rest, d.place.line) for d in modprobe.parse(TEXT, "/f")]
    assert found == [
        ("blacklist", "hv_netvsc", "", 2),
        ("install", "udf", "/bin/true", 3),
        ("alias", "net_pf_10", "off", 5),
        ("options", "hv_storvsc", "ring_size=1 other=2", 6),
        ("softdep", "ext4", "pre: crc32c", 9),
        ("remove", "floppy", "/sbin/rmmod floppy", 14),
    ]


def test_places_inside_an_initramfs() -> None:
    (found,) = modprobe.parse("blacklist udf", "/boot/initrd.img", "etc/modprobe.d/cis.conf")
    assert found.place == Place("/boot/initrd.img", 1, "etc/modprobe.d/cis.conf")


def test_a_last_line_that_goes_on_nowhere() -> None:
    (found,) = modprobe.parse("blacklist udf \\", "/f")
    assert (found.module, found.place.line) == ("udf", 1)


@pytest.mark.parametrize(
    ("line", "prevents"),
    [
        ("blacklist hv_vmbus", True),
        ("install udf /bin/true", True),
        ("install udf /bin/false", True),
        ("install udf /usr/bin/false", True),
        ("install udf /usr/sbin/nologin", True),
        ("install udf /dev/null", True),
        ("install udf :", True),
        ("install udf true; exit 0", True),
        ("install udf /sbin/modprobe --ignore-install udf; /bin/true", False),
        ("install udf true && insmod /lib/udf.ko", False),
        ("install udf /usr/local/bin/load-udf", False),
        ("install udf", False),
        ("alias udf off", True),
        ("alias udf /dev/null", True),
        ("alias cdrom udf", False),
        ("options udf off", False),
        ("remove udf /bin/true", False),
        ("softdep udf pre: true", False),
    ],
)
def test_prevents_loading(line: str, prevents: bool) -> None:
    (found,) = modprobe.parse(line, "/f")
    assert found.prevents_loading is prevents


def test_precedence_and_order_by_name() -> None:
    tree = MemoryTree(
        {
            "/etc/modprobe.d/b.conf": "blacklist from_etc\n",
            "/run/modprobe.d/b.conf": "blacklist from_run\n",
            "/run/modprobe.d/c.conf": "blacklist run_c\n",
            "/usr/local/lib/modprobe.d/c.conf": "blacklist local_c\n",
            "/usr/lib/modprobe.d/a.conf": "blacklist usr_a\n",
            "/lib/modprobe.d/a.conf": "blacklist lib_a\n",
            "/lib/modprobe.d/d.conf": "blacklist lib_d\n",
            "/etc/modprobe.d/README": "blacklist readme\n",
        }
    )
    found = modprobe.read(tree)
    assert [str(d.place) for d in found] == [
        "/usr/lib/modprobe.d/a.conf:1",
        "/etc/modprobe.d/b.conf:1",
        "/run/modprobe.d/c.conf:1",
        "/lib/modprobe.d/d.conf:1",
    ]
    assert [d.module for d in found] == ["usr_a", "from_etc", "run_c", "lib_d"]


def test_a_link_to_nothing_masks() -> None:
    tree = MemoryTree(
        {
            "/etc/modprobe.d/cis.conf": Link("/dev/null"),
            "/usr/lib/modprobe.d/cis.conf": "install udf /bin/true\n",
        }
    )
    assert modprobe.read(tree) == ()


def test_merged_usr_is_read_once() -> None:
    tree = MemoryTree({"/lib": Link("usr/lib"), "/usr/lib/modprobe.d/a.conf": "blacklist x-y\n"})
    place = Place("/usr/lib/modprobe.d/a.conf", 1)
    assert modprobe.read(tree) == (
        Directive(command="blacklist", module="x_y", rest="", place=place),
    )
