from __future__ import annotations

import pytest

from bootworthy.guest.facts import sysctl
from tests.guest.memory import Device, Dir, Link, MemoryTree, Node


def values(files: dict[str, str | bytes | Node]) -> dict[str, str]:
    return {name: setting.value for name, setting in sysctl.read(MemoryTree(files)).items()}


def test_files_are_read_by_name_and_hide_those_behind() -> None:
    files: dict[str, str | bytes | Node] = {
        "/usr/lib/sysctl.d/10-a.conf": "vm.swappiness = 10\nkernel.sysrq=1\n",
        "/etc/sysctl.d/10-a.conf": "vm.swappiness = 20\n",
        "/run/sysctl.d/50-b.conf": "vm.swappiness = 30\n",
        "/etc/sysctl.d/readme": "vm.swappiness = 40\n",
    }
    found = sysctl.read(MemoryTree(files))

    assert {name: setting.value for name, setting in found.items()} == {"vm.swappiness": "30"}
    assert str(found["vm.swappiness"].place) == "/run/sysctl.d/50-b.conf:1"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("net.ipv4.conf.all.forwarding=1", "net.ipv4.conf.all.forwarding"),
        ("net/ipv4/conf/enp3s0.200/forwarding=1", "net.ipv4.conf.enp3s0/200.forwarding"),
        ("net.ipv4.conf.enp3s0/200.forwarding=1", "net.ipv4.conf.enp3s0/200.forwarding"),
        ("-kernel.sysrq = 1", "kernel.sysrq"),
    ],
)
def test_names_are_written_with_dots(line: str, name: str) -> None:
    assert values({"/etc/sysctl.d/a.conf": f"{line}\n"}) == {name: "1"}


def test_comments_and_masks() -> None:
    assert values({"/etc/sysctl.d/a.conf": "#a=1\n;b=1\nc\n\n"}) == {}
    masked: dict[str, str | bytes | Node] = {
        "/usr/lib/sysctl.d/a.conf": "a=1\n",
        "/etc/sysctl.d/a.conf": Link("/dev/null"),
        "/dev/null": Device(),
    }
    assert values(masked) == {}


def test_procps_reads_its_own_file_last() -> None:
    files: dict[str, str | bytes | Node] = {
        "/etc/sysctl.conf": "a=2\n",
        "/etc/sysctl.d/a.conf": "a=1\n",
    }
    assert values(files) == {"a": "1"}
    assert values({**files, "/etc/init.d/procps": ""}) == {"a": "2"}


@pytest.mark.parametrize("node", [Dir(), Device(), Link("a.conf"), b"\0\xff=1\n"])
def test_what_is_no_text_sets_nothing(node: Node | bytes) -> None:
    assert values({"/etc/sysctl.d/a.conf": node}) == {}
