"""The root is kept from growing with the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# cc_growpart.py goes by it unless ignore_growroot_disabled is true.
_MARKER = "/etc/growroot-disabled"
_OFF = ("off", "false", "no", False)


@rule(
    code="CI-18",
    name="root-growth-disabled",
    severity=Severity.WARNING,
    why="Machines with larger disks than the image have only the image's space.",
    when=(generalized, with_cloud_init),
    sources=(f"{sources.CLOUD_INIT_SOURCE}/blob/main/cloudinit/config/cc_growpart.py",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """growpart and resize_rootfs are not off, and no marker stops them."""
    guest = subject.linux
    config = guest.cloud_init.config
    growpart = config.get("growpart")
    told = growpart if isinstance(growpart, Mapping) else {}
    if guest.tree.exists(_MARKER) and told.get("ignore_growroot_disabled") is not True:
        step = RemovePaths(patterns=(_MARKER,))
        fix = Fix(title="remove the marker", steps=(step,))
        yield _violation(Place(_MARKER), "the marker is there", "no such file", fix)
    for key, value in (
        ("growpart", told.get("mode")),
        ("resize_rootfs", config.get("resize_rootfs")),
    ):
        if value in _OFF and value is not None:
            yield _configured(guest, key, value)


def _configured(guest: Guest, key: str, value: object) -> Violation:
    place = Place(guest.cloud_init.origin.get(key, "/etc/cloud/cloud.cfg"))
    fix = by_hand(f"take {key} out of {place.path}")
    return _violation(place, f"{key}: {value}", f"no {key}, or auto", fix)


def _violation(place: Place, found: str, expected: str, fix: Fix) -> Violation:
    message = "the root does not grow with the disk"
    return Violation(message=message, place=place, found=found, expected=expected, fix=fix)
