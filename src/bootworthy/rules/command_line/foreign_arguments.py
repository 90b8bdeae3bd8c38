"""The command line has arguments made for another machine or hypervisor."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import unwanted_tokens, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Documentation/admin-guide/kernel-parameters.txt. Hyper-V announces VMBus by ACPI.
_TOKENS = frozenset(
    (
        *("acpi=off", "noacpi", "noapic", "nolapic", "nosmp", "notsc", "pci=noacpi"),
        *(
            "clocksource=kvm-clock",
            "clocksource=xen",
            "clocksource=jiffies",
            "xen_emul_unplug=never",
        ),
        *("divider=10", "no_timer_check", "hv_netvsc.disable=1"),
    )
)


@rule(
    code="CMD-23",
    name="foreign-boot-argument",
    severity=Severity.WARNING,
    why="Hyper-V's bus, clock and interrupts are found by ACPI and the APIC, which these turn off.",
    when=(with_entries,),
    sources=(sources.KERNEL_PARAMETERS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No entry has an argument that only another machine needs."""
    message = "{} was made for another machine"
    yield from unwanted_tokens(subject, _TOKENS.__contains__, message)
