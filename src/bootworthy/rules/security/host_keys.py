"""SSH host keys are shipped in the image, or nothing makes new ones."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import EnableUnits, RemovePaths, WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

UNIT = "ssh-host-keys.service"
UNIT_PATH = f"/etc/systemd/system/{UNIT}"

# cloud-init makes keys when it provisions; this unit also serves a boot that it does not: Debian's
# and Ubuntu's sshd have no generator and refuse to start without keys.
UNIT_TEXT = """\
[Unit]
Description=Make the SSH host keys that are missing
Before=ssh.service sshd.service ssh.socket
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
"""

_GENERATORS = (
    UNIT,
    "sshd-keygen.target",
    "sshd-keygen.service",
    "sshdgenkeys.service",
    "regenerate_ssh_host_keys.service",
)


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
    if guest.sshd.host_keys:
        yield Violation(
            message="SSH host keys are in the image",
            place=Place(guest.sshd.host_keys[0]),
            found=", ".join(guest.sshd.host_keys),
            expected="keys that each machine makes for itself",
            fix=_fix(guest),
        )
    elif not _has_generator(guest):
        yield Violation(
            message="nothing makes SSH host keys at the first boot",
            place=Place("/etc/ssh"),
            found="no host keys and no service that makes them",
            expected="a service that makes them before sshd starts",
            fix=_fix(guest),
            severity=Severity.ERROR,
        )


def _has_generator(guest: Guest) -> bool:
    return any(guest.services.unit(name).starts for name in _GENERATORS) or any(
        guest.tree.is_file(path) for path in ("/usr/sbin/sshd-gen-keys-start",)
    )


def _fix(guest: Guest) -> Fix:
    remove = RemovePaths(patterns=("/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_*_key.pub"))
    if _has_generator(guest) or guest.services.manager != "systemd":
        return Fix(title="remove the host keys", steps=(remove,))
    write = WriteFile(path=UNIT_PATH, text=UNIT_TEXT)
    return Fix(
        title=f"remove the host keys and have {UNIT} make new ones",
        steps=(write, EnableUnits(units=(UNIT,)), remove),
    )
