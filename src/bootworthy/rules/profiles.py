"""Profiles: which rules a run asks, and how severely."""

from __future__ import annotations

from dataclasses import replace

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Profile
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.rule import Rule

# What Microsoft's certification of images tests and refuses
# (https://learn.microsoft.com/azure/marketplace/azure-vm-certification-faq).
CERTIFIED = frozenset(
    (
        *("DIST-03", "VHD-01", "VHD-03", "VHD-04", "VHD-07", "VHD-12"),
        *("CMD-02", "CMD-03", "SEC-14"),
        *("SEC-02", "SEC-03", "SEC-04", "SEC-05", "SEC-11", "SEC-12"),
        *("AGT-02", "AGT-03", "SWAP-01", "SWAP-02"),
    )
)


def rules_for(profile: Profile) -> tuple[Rule, ...]:
    """The rules of a profile, in the order of the catalogue.

    ``azure`` has all; ``article`` those that the article asks for; ``marketplace`` has all, with
    what certification refuses as errors.
    """
    if profile is Profile.ARTICLE:
        return tuple(rule for rule in all_rules() if rule.article)
    if profile is Profile.MARKETPLACE:
        return tuple(map(_as_certified, all_rules()))
    return all_rules()


def _as_certified(rule: Rule) -> Rule:
    return replace(rule, severity=Severity.ERROR) if rule.code in CERTIFIED else rule
