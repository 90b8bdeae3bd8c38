"""cloud-init and a service of the distribution would both make host keys."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.services import UnitState
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import WriteFile
from bootworthy.rules import provisioning, sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_UNIT = "sshd-keygen@.service"
_NAME = "disable-sshd-keygen-if-cloud-init-active.conf"
_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")

# systemd/disable-sshd-keygen-if-cloud-init-active.conf of cloud-init, which some packages leave
# out: cloud-init's generator makes this link where it is to run.
DROP_IN = WriteFile(
    path=f"/etc/systemd/system/{_UNIT}.d/{_NAME}",
    text="""\
# cloud-init makes the host keys on Azure: this would make others at the same time.
[Unit]
ConditionPathExists=!/run/systemd/generator.early/multi-user.target.wants/cloud-init.target
""",
)


@rule(
    code="CI-23",
    name="host-keys-made-twice",
    severity=Severity.NOTE,
    why="Both make keys at the same time, and the agent reports one that is gone.",
    when=(generalized, with_cloud_init),
    sources=(f"{sources.CLOUD_INIT_SOURCE}/tree/main/systemd",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """sshd-keygen@.service, where there is one, stands back for cloud-init."""
    guest = subject.linux
    unit = guest.services.unit(_UNIT)
    if unit.state in (UnitState.ABSENT, UnitState.MASKED) or not unit.path:
        return
    names = (f"{folder}/{_UNIT}.d/{_NAME}" for folder in _FOLDERS)
    if provisioning.cloud_init_starts(guest) and not any(map(guest.tree.is_file, names)):
        yield Violation(
            message="two services make host keys at the first boot",
            place=Place(unit.path),
            found=f"no {_NAME}",
            expected=DROP_IN.path,
            fix=Fix(title=f"write {DROP_IN.path}", steps=(DROP_IN,)),
        )
