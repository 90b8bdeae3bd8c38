"""The identity of the old machine for configuration management is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/etc/chef/client.pem",
    "/etc/salt/minion_id",
    "/etc/salt/pki/minion/*",
    "/etc/puppetlabs/puppet/ssl/*",
    "/var/lib/puppet/ssl/*",
)


@rule(
    code="SEC-22",
    name="management-identity-left",
    severity=Severity.WARNING,
    why="Every machine would answer for the first one, and take its configuration and secrets.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No key of Chef, Salt or Puppet is left."""
    yield from removable(
        subject, _PATTERNS, "keys of configuration management are in the image", "remove them"
    )
