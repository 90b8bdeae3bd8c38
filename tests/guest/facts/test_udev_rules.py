from __future__ import annotations

import pytest

from bootworthy.guest.facts import udev_rules, udev_wants
from tests.guest.memory import Device, Dir, Link, MemoryTree, Node


def test_files_are_read_by_name_and_hide_those_behind() -> None:
    files: dict[str, str | bytes | Node] = {
        "/usr/lib/udev/rules.d/60-b.rules": "x",
        "/usr/lib/udev/rules.d/50-a.rules": "x",
        "/etc/udev/rules.d/50-a.rules": "y",
        "/run/udev/rules.d/70-c.rules": "x",
        "/etc/udev/rules.d/80-d.conf": "x",
    }
    assert udev_rules.paths(MemoryTree(files)) == (
        "/etc/udev/rules.d/50-a.rules",
        "/usr/lib/udev/rules.d/60-b.rules",
        "/run/udev/rules.d/70-c.rules",
    )


def test_a_link_to_nowhere_hides_a_file() -> None:
    files: dict[str, str | bytes | Node] = {
        "/usr/lib/udev/rules.d/50-a.rules": "x",
        "/etc/udev/rules.d/50-a.rules": Link("/dev/null"),
        "/dev/null": Device(),
    }
    tree = MemoryTree(files)
    assert udev_rules.paths(tree) == ()
    assert not udev_rules.has(tree, "50-a.rules")


def test_rules_that_go_on_are_joined() -> None:
    path = "/etc/udev/rules.d/a.rules"
    tree = MemoryTree({path: '# x\nSUBSYSTEM=="net", \\\n  NAME="a"\n\n  #y\nB\n'})
    assert udev_rules.lines(tree, path) == ('SUBSYSTEM=="net",    NAME="a"', "B")


def test_units_of_a_rule_that_goes_on() -> None:
    text = 'KERNEL=="sda", \\\n ENV{SYSTEMD_WANTS}+="a.service b.service"\n'
    assert udev_wants.read(MemoryTree({"/etc/udev/rules.d/a.rules": text})) == {
        "a.service",
        "b.service",
    }


@pytest.mark.parametrize("node", [Dir(), Device(), Link("a.rules"), b"\0\xff"])
def test_what_is_no_text_has_no_rules(node: Node | bytes) -> None:
    path = "/etc/udev/rules.d/a.rules"
    assert udev_rules.lines(MemoryTree({path: node}), path) == ()
