"""cloud-init starts before the first card has its address."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_cloud_init
from bootworthy.rules.network.cards import PRIMARY, brings_up_primary, lasting
from bootworthy.rules.network.primary_not_dhcp import FIX
from bootworthy.rules.provisioning import cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="NET-25",
    name="first-card-not-awaited",
    severity=Severity.WARNING,
    why="cloud-init waits for networking.service, which waits for cards named by auto alone; "
    "version 20.4 then never reports ready.",
    when=(with_cloud_init,),
    sources=("https://manpages.debian.org/interfaces", sources.CLOUD_INIT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """ifupdown brings eth0 up at boot, not whenever it appears, where cloud-init starts."""
    if not cloud_init_starts(subject.linux):
        return
    cards = [card for card in lasting(subject) if brings_up_primary(card)]
    if cards and all(card.stack == "ifupdown" and not card.awaited for card in cards):
        yield Violation(
            message=f"nothing waits for the address of {PRIMARY}",
            place=cards[0].place,
            found=f"allow-hotplug {PRIMARY}",
            expected=f"auto {PRIMARY}",
            fix=FIX,
        )
