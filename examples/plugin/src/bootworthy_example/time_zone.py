"""A question to the guest that ``rehearse`` boots: is its clock in UTC, as Acme's policy asks?"""

from __future__ import annotations

from bootworthy.rehearsal.checks import ProvisioningCheck


def _judge(answer: str) -> str:
    """What is wrong with what ``date +%Z`` printed; nothing when all is well."""
    zone = answer.strip()
    return "" if zone in {"UTC", "Etc/UTC"} else f"the clock is in {zone or 'no zone at all'}"


CHECK = ProvisioningCheck(
    code="ACME-02",
    name="clock-in-utc",
    title="the clock is in UTC",
    question="date +%Z",
    judge=_judge,
    why="Acme's logs are compared across regions, and are in UTC.",
    fix="timedatectl set-timezone Etc/UTC in the image",
)
