"""The registration of the old machine with its vendor is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/etc/pki/consumer/*",
    "/etc/pki/entitlement/*",
    "/var/lib/rhsm/*",
    "/etc/insights-client/machine-id",
    "/etc/SUSEConnect",
    "/etc/zypp/credentials.d/*",
    "/var/lib/ubuntu-advantage/private/*",
    "/etc/sysconfig/rhn/systemid",
)


@rule(
    code="CLEAN-17",
    name="subscription-left",
    severity=Severity.WARNING,
    why="All machines would use one subscription, and the vendor sees them as one and the same.",
    when=(generalized, has_guest),
    article=(14,),
    sources=(sources.RHEL_PAGE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No registration with a vendor is left."""
    message = "a vendor's registration is in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
