"""cloud-init has no DHCP client to ask Azure with."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import software, sources
from bootworthy.rules.conditions import with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# cloudinit/net/dhcp.py, ALL_DHCP_CLIENTS.
_CLIENTS = ("dhcpcd", "dhclient", "udhcpc")


@rule(
    code="NET-09",
    name="dhcp-client-missing",
    severity=Severity.ERROR,
    why="Before the network is configured cloud-init asks Azure's DHCP server by a client of its "
    "own, and provisioning fails without one.",
    when=(with_cloud_init,),
    sources=(sources.CLOUD_INIT_SOURCE, sources.PROVISIONING_ERRORS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """One of the clients that cloud-init knows is installed."""
    guest = subject.linux
    if not software.has_program(guest, *_CLIENTS):
        yield Violation(
            message="cloud-init finds no DHCP client",
            place=Place("/usr/sbin/dhclient"),
            found=f"none of {', '.join(_CLIENTS)}",
            expected="a DHCP client",
            fix=software.install(guest, Need.DHCP_CLIENT),
        )
