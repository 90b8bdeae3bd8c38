"""Software that joins a cluster or a private network starts at boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_UNITS = (
    "corosync.service",
    "pacemaker.service",
    "keepalived.service",
    "openvpn.service",
    "tailscaled.service",
    "zerotier-one.service",
)


@rule(
    code="NET-23",
    name="old-network-joined",
    severity=Severity.NOTE,
    why="Machines made from the image would join the old network, or wait for it.",
    when=(has_guest,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No cluster and no private network is joined at boot."""
    services = subject.linux.services
    for name in _UNITS:
        unit = services.unit(name)
        if unit.starts:
            yield Violation(
                message=f"{name} joins a network of the old machine",
                place=Place(unit.path or name),
                found=f"{name} is {unit.state.value}",
                expected=f"{name} is disabled",
                fix=by_hand(f"systemctl disable {name}"),
            )
