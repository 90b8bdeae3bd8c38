"""Units are linked as systemctl links them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.editors import units
from bootworthy.guest.facts.services import UnitState, read
from bootworthy.model.errors import GuestError
from tests.guest.memory import File, Link, MemoryTree, Node

VENDOR = "/usr/lib/systemd/system"
LOCAL = "/etc/systemd/system"
SERVICE = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n[Install]\n"

UNITS: dict[str, str | bytes | Node] = {
    f"{VENDOR}/ssh.service": SERVICE + "WantedBy=multi-user.target\nAlias=sshd.service\n",
    f"{VENDOR}/many.service": SERVICE
    + "WantedBy=multi-user.target graphical.target\nWantedBy=x.target\nRequiredBy=y.target\n",
    f"{VENDOR}/also.service": SERVICE + "WantedBy=a.target\nAlso=also.socket many.service\n",
    f"{VENDOR}/also.socket": "[Socket]\nListenStream=22\n[Install]\nWantedBy=sockets.target\n"
    "Also=also.service\n",
    f"{VENDOR}/t@.service": SERVICE + "WantedBy=%i.target\nDefaultInstance=tty1\n",
    f"{VENDOR}/static.service": "[Service]\nExecStart=/bin/true\n",
    f"{VENDOR}/masked.service": SERVICE + "WantedBy=multi-user.target\n",
    f"{LOCAL}/masked.service": Link("/dev/null"),
    f"{VENDOR}/dropin.service": "[Service]\nExecStart=/bin/true\n",
    f"{LOCAL}/dropin.service.d/x.conf": "[Install]\nWantedBy=multi-user.target\n",
    f"{LOCAL}/own.service": SERVICE + "WantedBy=\\\n  multi-user.target\n",
}


def links(tree: MemoryTree) -> dict[str, str]:
    return {path: node.target for path, node in tree.snapshot().items() if isinstance(node, Link)}


def real_links(root: Path) -> dict[str, str]:
    return {
        f"/{path.relative_to(root)}": str(path.readlink())
        for path in root.rglob("*")
        if path.is_symlink()
    }


NAMES = [
    "ssh.service",
    "many.service",
    "also.service",
    "t@.service",
    "t@ttyS0.service",
    "static.service",
    "dropin.service",
    "own.service",
]


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="no systemctl to compare with")
@pytest.mark.parametrize("name", NAMES)
def test_the_links_are_those_of_systemctl(name: str, tmp_path: Path) -> None:
    tree = MemoryTree(UNITS)
    tree.export(tmp_path)
    root = f"--root={tmp_path}"
    subprocess.run(["systemctl", root, "enable", name], capture_output=True, check=True)
    enabled = real_links(tmp_path)
    subprocess.run(["systemctl", root, "disable", name], capture_output=True, check=True)
    disabled = real_links(tmp_path)

    units.enable(tree, name)
    mine_enabled = links(tree)
    units.disable(tree, name)

    assert mine_enabled == enabled
    assert links(tree) == disabled


def test_enabling_makes_the_links_that_the_unit_asks_for() -> None:
    tree = MemoryTree(UNITS)

    made = units.enable(tree, "ssh.service")

    assert made == (
        f"{LOCAL}/sshd.service",
        f"{LOCAL}/multi-user.target.wants/ssh.service",
    )
    assert tree.readlink(made[1]) == f"{VENDOR}/ssh.service"
    assert read(tree).unit("ssh.service").state is UnitState.ENABLED


@pytest.mark.parametrize("name", NAMES)
def test_enabling_twice_changes_nothing(name: str) -> None:
    tree = MemoryTree(UNITS)
    units.enable(tree, name)
    once = tree.snapshot()

    assert units.enable(tree, name) == ()
    assert tree.snapshot() == once


def test_a_link_by_another_path_to_the_same_file_is_kept() -> None:
    wants = f"{LOCAL}/multi-user.target.wants/masked.service"
    tree = MemoryTree(
        {
            "/lib": Link("usr/lib"),
            f"{VENDOR}/masked.service": SERVICE + "WantedBy=multi-user.target\n",
            wants: Link("/lib/systemd/system/masked.service"),
        }
    )

    assert units.enable(tree, "masked.service") == ()
    assert tree.readlink(wants) == "/lib/systemd/system/masked.service"


@pytest.mark.parametrize("other", [Link(f"{VENDOR}/static.service"), File("[Service]\n")])
def test_a_name_that_is_taken_stays(other: Node) -> None:
    tree = MemoryTree(UNITS | {f"{LOCAL}/sshd.service": other})

    assert units.enable(tree, "ssh.service") == (f"{LOCAL}/multi-user.target.wants/ssh.service",)
    assert tree.snapshot()[f"{LOCAL}/sshd.service"] == other


def test_an_alias_of_another_kind_is_not_made() -> None:
    tree = MemoryTree(
        {f"{VENDOR}/a.service": SERVICE + "Alias=b.socket c@.service d@x.service e.service\n"}
    )

    assert units.enable(tree, "a.service") == (f"{LOCAL}/e.service",)


def test_a_masked_unit_is_unmasked_and_linked() -> None:
    tree = MemoryTree(UNITS)

    changed = units.enable(tree, "masked.service")

    assert changed == (
        f"{LOCAL}/masked.service",
        f"{LOCAL}/multi-user.target.wants/masked.service",
    )
    assert read(tree).unit("masked.service").starts


def test_a_mask_by_an_empty_file_goes_too() -> None:
    tree = MemoryTree(UNITS | {f"{LOCAL}/ssh.service": ""})

    assert units.unmask(tree, "ssh.service") == (f"{LOCAL}/ssh.service",)
    assert units.unmask(tree, "ssh.service") == ()


def test_a_unit_that_its_vendor_masks_cannot_be_enabled() -> None:
    tree = MemoryTree({f"{VENDOR}/x.service": Link("/dev/null")})

    with pytest.raises(GuestError) as raised:
        units.enable(tree, "x.service")

    assert raised.value.code == "unit-masked"


def test_an_unknown_unit_cannot_be_enabled() -> None:
    with pytest.raises(GuestError) as raised:
        units.enable(MemoryTree(UNITS), "none.service")

    assert raised.value.code == "unit-missing"


def test_a_masked_dependency_is_replaced() -> None:
    wants = f"{LOCAL}/multi-user.target.wants/ssh.service"
    tree = MemoryTree(UNITS | {wants: Link("/dev/null")})

    assert wants in units.enable(tree, "ssh.service")
    assert tree.readlink(wants) == f"{VENDOR}/ssh.service"


def test_init_scripts_get_their_run_levels() -> None:
    tree = MemoryTree(
        {
            "/etc/init.d/ssh": File("#!/bin/sh\n", mode=0o755),
            "/etc/rc2.d/K01ssh": Link("../init.d/ssh"),
            "/etc/rc3.d/S05ssh": Link("../init.d/ssh"),
            "/etc/rc0.d/K03ssh": Link("../init.d/ssh"),
        }
    )

    units.enable(tree, "ssh.service")

    assert sorted(links(tree)) == [
        "/etc/rc0.d/K03ssh",
        "/etc/rc1.d/K01ssh",
        "/etc/rc2.d/S01ssh",
        "/etc/rc3.d/S05ssh",
        "/etc/rc4.d/S01ssh",
        "/etc/rc5.d/S01ssh",
        "/etc/rc6.d/K01ssh",
    ]
    assert links(tree)["/etc/rc2.d/S01ssh"] == "../init.d/ssh"
    assert units.enable(tree, "ssh.service") == ()

    units.disable(tree, "ssh.service")

    assert not read(tree).unit("ssh.service").starts
    assert units.disable(tree, "ssh.service") == ()


def test_openrc_scripts_are_linked_in_the_default_level() -> None:
    tree = MemoryTree(
        {
            "/etc/init.d/sshd": File("#!/sbin/openrc-run\n", mode=0o755),
            "/etc/runlevels/boot/networking": Link("/etc/init.d/networking"),
        }
    )

    assert units.enable(tree, "sshd.service") == ("/etc/runlevels/default/sshd",)
    assert tree.readlink("/etc/runlevels/default/sshd") == "/etc/init.d/sshd"
    assert units.enable(tree, "sshd.service") == ()
    assert units.disable(tree, "sshd.service") == ("/etc/runlevels/default/sshd",)


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="no systemctl to compare with")
@pytest.mark.parametrize("name", ["ssh.service", "also.socket", "static.service", "masked.service"])
def test_a_mask_is_that_of_systemctl(name: str, tmp_path: Path) -> None:
    tree = MemoryTree(UNITS)
    units.enable(tree, "ssh.service")
    tree.export(tmp_path)
    for verb in ("disable", "mask"):
        argv = ["systemctl", f"--root={tmp_path}", verb, name]
        subprocess.run(argv, capture_output=True, check=True)

    units.mask(tree, name)

    assert links(tree) == real_links(tmp_path)
    assert read(tree).unit(name).state is UnitState.MASKED


def test_a_mask_is_made_once_and_taken_away_again() -> None:
    tree = MemoryTree(UNITS)
    units.enable(tree, "ssh.service")
    before = tree.snapshot()

    assert units.mask(tree, "ssh.service")[-1] == f"{LOCAL}/ssh.service"
    assert units.mask(tree, "ssh.service") == ()
    units.enable(tree, "ssh.service")
    assert tree.snapshot() == before


def test_a_unit_of_the_owners_own_is_disabled_where_it_stands() -> None:
    tree = MemoryTree(UNITS)
    units.enable(tree, "own.service")

    assert units.mask(tree, "own.service") == (f"{LOCAL}/multi-user.target.wants/own.service",)
    assert read(tree).unit("own.service").state is UnitState.DISABLED


def test_what_is_not_there_is_not_masked() -> None:
    assert units.mask(MemoryTree(UNITS), "cloud-init.service") == ()
