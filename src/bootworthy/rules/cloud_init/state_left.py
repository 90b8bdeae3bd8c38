"""cloud-init remembers an earlier instance."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# `cloud-init clean` removes all of /var/lib/cloud but the seed, and with --logs the logs
# (cloudinit/cmd/clean.py); scripts an image builder put there are not state and stay.
_STATE = (
    "/var/lib/cloud/instance",
    "/var/lib/cloud/instances/*",
    "/var/lib/cloud/sem/*",
    "/var/lib/cloud/data/*",
    "/var/lib/cloud/handlers/*",
)
_GENERATED = (
    "/etc/netplan/50-cloud-init.yaml",
    "/etc/network/interfaces.d/50-cloud-init*",
    "/etc/NetworkManager/system-connections/cloud-init-*.nmconnection",
    "/etc/systemd/network/10-cloud-init-*.network",
    "/etc/ssh/sshd_config.d/50-cloud-init.conf",
    "/etc/sudoers.d/90-cloud-init-users",
    "/var/log/cloud-init.log*",
    "/var/log/cloud-init-output.log*",
)


@rule(
    code="CI-11",
    name="cloud-init-state-left",
    severity=Severity.ERROR,
    why="cloud-init takes a new machine for the old one and does not provision it.",
    when=(generalized, has_guest),
    article=(64,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No instance, semaphore or generated configuration of an earlier run is left."""
    tree = subject.linux.tree
    state = [path for pattern in _STATE for path in tree.glob(pattern)]
    made = [path for pattern in _GENERATED for path in tree.glob(pattern)]
    if state or made:
        yield Violation(
            message="traces of an earlier run of cloud-init are in the image",
            place=Place((state or made)[0]),
            found=", ".join(state + made),
            expected="none",
            fix=Fix(title="remove them", steps=(RemovePaths(patterns=_STATE + _GENERATED),)),
            severity=None if state else Severity.WARNING,
        )
