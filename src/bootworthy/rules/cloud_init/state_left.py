"""cloud-init remembers an earlier instance."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import present, shorten
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.provisioning import CLOUD_INIT_NETWORK_FILES
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
    *CLOUD_INIT_NETWORK_FILES,
    "/etc/ssh/sshd_config.d/50-cloud-init.conf",
    "/etc/sudoers.d/90-cloud-init-users",
    "/var/log/cloud-init.log*",
    "/var/log/cloud-init-output.log*",
)


@rule(
    code="CI-11",
    name="cloud-init-state-left",
    severity=Severity.WARNING,
    why="User data, keys and what is to run only once are the old machine's on every new one.",
    when=(generalized, has_guest),
    article=(64,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No instance, semaphore or generated configuration of an earlier run is left.

    cloud-init tells a new machine by Azure's id for it; an error where it is told not to look.
    """
    tree = subject.linux.tree
    found = present(tree, _STATE + _GENERATED)
    if found:
        yield Violation(
            message="traces of an earlier run of cloud-init are in the image",
            place=Place(found[0]),
            found=shorten(found),
            expected="none",
            fix=Fix(title="remove them", steps=(RemovePaths(patterns=_STATE + _GENERATED),)),
            severity=Severity.ERROR if _trusts_its_cache(subject.linux) else None,
        )


def _trusts_its_cache(guest: Guest) -> bool:
    """Whether cloud-init takes the cached instance for this machine's (cloudinit/stages.py)."""
    if not guest.tree.exists("/var/lib/cloud/instance/obj.pkl"):
        return False
    told = guest.cloud_init.config.get("manual_cache_clean") is True
    return told or guest.tree.exists("/var/lib/cloud/instance/manual-clean")
