"""SSH host keys are shipped in the image, or nothing makes new ones."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from bootworthy.guest.facts.services import UnitState
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import EnableUnits, RemovePaths, WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.provisioning import cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

UNIT = "ssh-host-keys.service"
UNIT_PATH = f"/etc/systemd/system/{UNIT}"

# cloud-init deletes and makes keys when it provisions (cloudinit/config/cc_ssh.py), so this comes
# after it and then finds them made. It serves the boots that cloud-init does not: Debian's and
# Ubuntu's sshd have no generator and refuse to start without keys. ssh.socket is not waited for:
# it comes before basic.target, which this comes after; the service behind the socket waits.
UNIT_TEXT = """\
[Unit]
Description=Make the SSH host keys that are missing
After=cloud-init.service cloud-init-network.service
Before=ssh.service sshd.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
"""

# Red Hat's (two generations; Debian 13 has the second name, too), Arch's and Raspberry Pi OS's;
# sshd's own unit wants the first three, which therefore cannot be enabled, only masked.
_GENERATORS = (
    UNIT,
    "sshd-keygen.target",
    "sshd-keygen.service",
    "sshdgenkeys.service",
    "regenerate_ssh_host_keys.service",
)
_GENERATING = (UnitState.ENABLED, UnitState.STATIC)

# SUSE's unit starts this before sshd; OpenRC's and other init scripts run ssh-keygen -A.
_PROGRAM = "/usr/sbin/sshd-gen-keys-start"

_KEYS = ("/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_*_key.pub")


@rule(
    code="SEC-02",
    name="host-keys-shipped",
    severity=Severity.WARNING,
    why="Machines that share host keys can pose as each other; without keys sshd does not start.",
    when=(generalized, has_guest),
    article=(14, 65),
    sources=(sources.AGENT_SOURCE, sources.CLOUD_INIT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """There are no host keys, and something makes them at the first boot."""
    guest = subject.linux
    if guest.sshd.program is None:
        return
    usual = [key for key in guest.sshd.host_keys if fnmatch.fnmatchcase(key, _KEYS[0])]
    elsewhere = [key for key in guest.sshd.host_keys if key not in usual]
    if usual:
        yield _shipped(usual, _fix(guest))
    # cloud-init makes keys before sshd starts. The agent comes after it, and does not start an sshd
    # that has failed: it tries to reload (azurelinuxagent/common/osutil/debian.py).
    if elsewhere:
        yield _shipped(elsewhere, by_hand("remove them, and have them made at the first boot"))
    elif not (usual or _has_generator(guest) or cloud_init_starts(guest)):
        yield Violation(
            message="nothing makes SSH host keys at the first boot",
            place=Place("/etc/ssh"),
            found="no host keys and no service that makes them",
            expected="a service that makes them before sshd starts",
            fix=_fix(guest),
            severity=Severity.ERROR,
        )


def _shipped(keys: list[str], fix: Fix) -> Violation:
    return Violation(
        message="SSH host keys are in the image",
        place=Place(keys[0]),
        found=", ".join(keys),
        expected="keys that each machine makes for itself",
        fix=fix,
    )


def _has_generator(guest: Guest) -> bool:
    if guest.services.manager != "systemd":
        return True
    return any(_generates(guest, name) for name in _GENERATORS) or guest.tree.is_file(_PROGRAM)


def _generates(guest: Guest, name: str) -> bool:
    """Whether a unit makes keys in a generalized image.

    Debian 13's has ConditionFirstBoot: systemd takes no boot for the first one where machine-id is
    there and empty, as it is then (machine-id(5)).
    """
    if guest.services.unit(name).state not in _GENERATING:
        return False
    return not {"yes", "true", "on", "1"} & {
        value.lower() for value in guest.services.values(name, "Unit", "ConditionFirstBoot")
    }


def _fix(guest: Guest) -> Fix:
    remove = RemovePaths(patterns=_KEYS)
    if _has_generator(guest):
        return Fix(title="remove the host keys", steps=(remove,))
    write = WriteFile(path=UNIT_PATH, text=UNIT_TEXT)
    return Fix(
        title=f"have {UNIT} make host keys at the first boot, and remove those that are there",
        steps=(write, EnableUnits(units=(UNIT,)), remove),
    )
