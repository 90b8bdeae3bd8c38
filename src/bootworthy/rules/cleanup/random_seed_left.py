"""The random seed of the old machine is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# https://systemd.io/BUILDING_IMAGES/ names the first, third and fourth.
_PATTERNS = (
    "/var/lib/systemd/random-seed",
    "/var/lib/urandom/random-seed",
    "/var/lib/systemd/credential.secret",
    # bootctl puts one beside systemd-boot, on whichever of these the partition is mounted.
    *(f"{place}/loader/random-seed" for place in ("/boot/efi", "/boot", "/efi")),
    "/var/lib/random-seed",
)


@rule(
    code="CLEAN-09",
    name="random-seed-left",
    severity=Severity.WARNING,
    why="Machines that start from the same seed can draw the same random numbers for their keys.",
    when=(generalized, has_guest),
    article=(65,),
    sources=("https://systemd.io/BUILDING_IMAGES/",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No stored seed or credential secret is left."""
    message = "a stored random seed is in the image"
    yield from removable(subject, _PATTERNS, message, "remove it")
