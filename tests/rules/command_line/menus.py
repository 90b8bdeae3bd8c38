"""Guests whose boot menus have other arguments than the healthy one's."""

from __future__ import annotations

from bootworthy.model.finding import Finding, Fix
from bootworthy.model.intent import Intent
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.rule import Rule
from tests.rules.healthy import ARGUMENTS, ARM64, GRUB_CFG, elf, grub_cfg, healthy
from tests.rules.making import Entry, findings, subject

ARM: dict[str, Entry | None] = {"/usr/bin/dash": elf(ARM64)}
"""What makes the healthy guest one for Arm64."""

ENTRIES = 3
"""The simple entry, the same one in the submenu, and its recovery entry."""


def booting(arguments: str, recovery: str | None = None) -> dict[str, Entry | None]:
    """A menu whose entries have these arguments, the recovery one others if so given."""
    return {GRUB_CFG: grub_cfg(arguments=arguments, recovery=recovery)}


def without(name: str) -> str:
    """The healthy arguments but those of this name."""
    kept = [word for word in ARGUMENTS.split() if word.partition("=")[0] != name]
    return " ".join(kept)


def look(
    rule: Rule, changes: dict[str, Entry | None], intent: Intent | None = None
) -> tuple[Finding, ...]:
    """What a rule finds in the healthy guest with changes."""
    return findings(rule, subject(healthy(changes), intent=intent))


def arguments_of(fix: Fix | None) -> SetKernelArguments:
    """The only step of a fix."""
    assert fix is not None
    (step,) = fix.steps
    assert isinstance(step, SetKernelArguments)
    return step
