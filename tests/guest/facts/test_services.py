"""The state of a unit is what systemctl says of the same tree, and what init scripts say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.facts.services import Unit, UnitState, read
from tests.guest.memory import File, Link, MemoryTree, Node

VENDOR = "/usr/lib/systemd/system"
LOCAL = "/etc/systemd/system"
SERVICE = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n"
MULTI_USER = "[Install]\nWantedBy=multi-user.target\n"

UNITS: dict[str, str | bytes | Node] = {
    "/etc/machine-id": "",
    "/sbin/init": Link("/lib/systemd/systemd"),
    "/lib": Link("usr/lib"),
    f"{VENDOR}/multi-user.target": "[Unit]\n",
    # linked where it wants to be
    f"{VENDOR}/ssh.service": SERVICE + MULTI_USER + "Alias=sshd.service\n",
    f"{LOCAL}/multi-user.target.wants/ssh.service": Link("/lib/systemd/system/ssh.service"),
    f"{LOCAL}/sshd.service": Link("/lib/systemd/system/ssh.service"),
    # not linked
    f"{VENDOR}/off.service": SERVICE + MULTI_USER,
    # linked by the vendor
    f"{VENDOR}/vendor.service": SERVICE + MULTI_USER,
    f"{VENDOR}/multi-user.target.wants/vendor.service": Link("../vendor.service"),
    f"{VENDOR}/static.service": SERVICE,
    f"{VENDOR}/aliased.service": SERVICE + "[Install]\nAlias=valias2.service\n",
    f"{VENDOR}/valias2.service": Link("aliased.service"),
    # only known by its alias
    f"{VENDOR}/gdm.service": SERVICE + "[Install]\nAlias=display-manager.service\n",
    f"{LOCAL}/display-manager.service": Link(f"{VENDOR}/gdm.service"),
    f"{VENDOR}/required.service": SERVICE + "[Install]\nRequiredBy=multi-user.target\n",
    f"{LOCAL}/multi-user.target.requires/required.service": Link(f"{VENDOR}/required.service"),
    # masked
    f"{VENDOR}/masked.service": SERVICE + MULTI_USER,
    f"{LOCAL}/masked.service": Link("/dev/null"),
    f"{LOCAL}/multi-user.target.wants/masked.service": Link(f"{VENDOR}/masked.service"),
    f"{VENDOR}/emptied.service": SERVICE + MULTI_USER,
    f"{LOCAL}/emptied.service": "",
    # templates
    f"{VENDOR}/serial-getty@.service": SERVICE + "[Install]\nWantedBy=getty.target\n",
    f"{LOCAL}/getty.target.wants/serial-getty@ttyS0.service": Link(
        f"{VENDOR}/serial-getty@.service"
    ),
    f"{VENDOR}/getty@.service": SERVICE
    + "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n",
    f"{LOCAL}/getty.target.wants/getty@tty1.service": Link(f"{VENDOR}/getty@.service"),
    # the administrator's file wins over the vendor's
    f"{VENDOR}/both.service": SERVICE,
    f"{LOCAL}/both.service": SERVICE + MULTI_USER,
    # [Install] comes from a drop-in
    f"{VENDOR}/dropin.service": SERVICE,
    f"{LOCAL}/dropin.service.d/install.conf": MULTI_USER,
    f"{VENDOR}/valias.service": Link("ssh.service"),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "ssh.service",
            Unit(
                name="ssh.service",
                state=UnitState.ENABLED,
                path=f"{VENDOR}/ssh.service",
                decided_by=f"{LOCAL}/multi-user.target.wants/ssh.service",
            ),
        ),
        (
            "masked.service",
            Unit(
                name="masked.service",
                state=UnitState.MASKED,
                path=f"{LOCAL}/masked.service",
                decided_by=f"{LOCAL}/masked.service",
            ),
        ),
        (
            "serial-getty@ttyS0.service",
            Unit(
                name="serial-getty@ttyS0.service",
                state=UnitState.ENABLED,
                path=f"{VENDOR}/serial-getty@.service",
                decided_by=f"{LOCAL}/getty.target.wants/serial-getty@ttyS0.service",
            ),
        ),
        (
            "off.service",
            Unit(name="off.service", state=UnitState.DISABLED, path=f"{VENDOR}/off.service"),
        ),
        ("none.service", Unit(name="none.service", state=UnitState.ABSENT)),
    ],
)
def test_a_unit_says_what_decided_its_state(name: str, expected: Unit) -> None:
    assert read(MemoryTree(UNITS)).unit(name) == expected


JUDGED = {
    "ssh.service": "enabled",
    "off.service": "disabled",
    "static.service": "static",
    "aliased.service": "disabled",
    "gdm.service": "enabled",
    "required.service": "enabled",
    "masked.service": "masked",
    "emptied.service": "masked",
    "serial-getty@ttyS0.service": "enabled",
    "serial-getty@ttyS1.service": "disabled",
    "getty@.service": "enabled",
    "getty@tty1.service": "enabled",
    "both.service": "disabled",
    "dropin.service": "disabled",
}


@pytest.mark.parametrize("name", JUDGED)
def test_states(name: str) -> None:
    assert read(MemoryTree(UNITS)).unit(name).state == JUDGED[name]


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="no systemctl to compare with")
def test_states_are_those_of_systemctl(tmp_path: Path) -> None:
    MemoryTree(UNITS).export(tmp_path)

    said = {name: is_enabled(tmp_path, name) for name in JUDGED}

    assert said == JUDGED


def is_enabled(root: Path, name: str) -> str:
    argv = ["systemctl", f"--root={root}", "is-enabled", name]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize("name", ["sshd.service", "valias.service"])
def test_an_alias_leads_to_the_unit(name: str) -> None:
    unit = read(MemoryTree(UNITS)).unit(name)

    assert (unit.name, unit.state) == ("ssh.service", UnitState.ENABLED)


@pytest.mark.parametrize("install", ["", MULTI_USER])
def test_a_unit_that_its_vendor_links_starts(install: str) -> None:
    # systemctl calls it static or disabled, but systemd follows the link at boot.
    tree = MemoryTree(
        {
            f"{VENDOR}/journald.service": SERVICE + install,
            f"{VENDOR}/sysinit.target.wants/journald.service": Link("../journald.service"),
        }
    )

    unit = read(tree).unit("journald.service")

    assert unit.starts
    assert unit.decided_by == f"{VENDOR}/sysinit.target.wants/journald.service"


def test_a_link_to_nothing_hides_the_vendors_link() -> None:
    tree = MemoryTree(
        UNITS | {f"{LOCAL}/multi-user.target.wants/vendor.service": Link("/dev/null")}
    )

    assert read(tree).unit("vendor.service").state is UnitState.DISABLED


def test_the_first_present_unit_is_found() -> None:
    services = read(MemoryTree(UNITS))

    first = services.first_present("none.service", "masked.service", "ssh.service")

    assert first is not None
    assert first.name == "masked.service"
    assert services.first_present("none.service") is None


def test_links_in_circles_are_no_unit() -> None:
    tree = MemoryTree(
        {f"{LOCAL}/a.service": Link("b.service"), f"{LOCAL}/b.service": Link("a.service")}
    )

    assert read(tree).unit("a.service").state is UnitState.ABSENT


@pytest.mark.parametrize("machine_id", ["uninitialized\n", None])
def test_presets_count_at_the_first_boot(machine_id: str | None) -> None:
    tree = MemoryTree(
        {
            f"{VENDOR}/a.service": SERVICE + MULTI_USER,
            f"{VENDOR}/b.service": SERVICE + MULTI_USER,
            f"{VENDOR}/c.service": SERVICE + MULTI_USER,
            "/usr/lib/systemd/system-preset/90-x.preset": "# x\nenable a.*\nenable b.service\n",
            "/etc/systemd/system-preset/10-y.preset": "disable b.service\n",
        }
        | ({} if machine_id is None else {"/etc/machine-id": machine_id})
    )
    services = read(tree)

    states = [services.unit(f"{name}.service").state for name in "abc"]

    assert states == [UnitState.ENABLED, UnitState.DISABLED, UnitState.DISABLED]
    preset = "/usr/lib/systemd/system-preset/90-x.preset:2"
    assert services.unit("a.service").decided_by == preset


def test_presets_do_not_count_later() -> None:
    tree = MemoryTree(
        {
            "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
            f"{VENDOR}/a.service": SERVICE + MULTI_USER,
            "/usr/lib/systemd/system-preset/90-x.preset": "enable a.service\n",
        }
    )

    assert read(tree).unit("a.service").state is UnitState.DISABLED


SCRIPT = File("#!/bin/sh\n", mode=0o755)


@pytest.mark.parametrize(
    ("extra", "manager"),
    [
        ({"/sbin/init": Link("/lib/systemd/systemd")}, "systemd"),
        ({"/sbin/init": SCRIPT}, "sysv"),
        ({}, ""),
    ],
)
def test_init_scripts(extra: dict[str, str | bytes | Node], manager: str) -> None:
    tree = MemoryTree(
        extra
        | {
            "/etc/init.d/ssh": SCRIPT,
            "/etc/init.d/off": SCRIPT,
            "/etc/rc2.d/S03ssh": Link("../init.d/ssh"),
            "/etc/rc2.d/K01off": Link("../init.d/off"),
            "/etc/rc0.d/S01off": Link("../init.d/off"),
        }
    )
    services = read(tree)

    assert services.manager == manager
    assert services.unit("ssh.service") == Unit(
        name="ssh.service",
        state=UnitState.ENABLED,
        path="/etc/init.d/ssh",
        decided_by="/etc/rc2.d/S03ssh",
    )
    assert services.unit("off.service").state is UnitState.DISABLED
    assert services.unit("gone.service").state is UnitState.ABSENT


def test_openrc() -> None:
    tree = MemoryTree(
        {
            "/sbin/init": Link("/bin/busybox"),
            "/sbin/openrc": SCRIPT,
            "/etc/init.d/sshd": SCRIPT,
            "/etc/init.d/chronyd": SCRIPT,
            "/etc/runlevels/default/sshd": Link("/etc/init.d/sshd"),
        }
    )
    services = read(tree)

    assert services.manager == "openrc"
    assert services.unit("sshd.service").decided_by == "/etc/runlevels/default/sshd"
    assert services.unit("chronyd.service").state is UnitState.DISABLED


def test_damaged_unit_files_have_no_install_section() -> None:
    tree = MemoryTree({f"{VENDOR}/a.service": b"\0\xff\0[Install]\nWantedBy=x.target\n"})

    assert read(tree).unit("a.service").state is UnitState.STATIC
