"""Private keys that a package made for its services are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.cleanup.leftovers import non_empty_files, shorten
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Made when their packages are installed: ssl-cert, mod_ssl, postfix, dovecot.
_PATTERNS = (
    "/etc/ssl/private/ssl-cert-snakeoil.key",
    "/etc/pki/tls/private/localhost.key",
    "/etc/pki/tls/private/postfix.key",
    "/etc/pki/dovecot/private/dovecot.pem",
    "/etc/dovecot/private/dovecot.pem",
)


@rule(
    code="CLEAN-26",
    name="service-certificates-left",
    severity=Severity.NOTE,
    why="All machines of the image share the key, so that each can read the others' traffic.",
    when=(generalized, has_guest),
    sources=(
        "https://libguestfs.org/virt-sysprep.1.html",
        "https://git.launchpad.net/livecd-rootfs",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No self-signed key of a package is left."""
    if found := non_empty_files(subject.linux.tree, _PATTERNS):
        yield Violation(
            message="private keys of services are in the image",
            place=Place(found[0]),
            found=shorten(found),
            expected="keys that each machine makes for itself",
            # A service whose key is gone does not start, and only its package makes a new one.
            fix=by_hand("have them made anew at the first boot, make-ssl-cert for instance"),
        )
