"""Something makes cloud-init take another cloud for the one it runs on."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_CONFIG = "/etc/cloud/ds-identify.cfg"
_SEEDS = "/var/lib/cloud/seed/nocloud*"
_LABELS = ("cidata", "config-2")


@rule(
    code="CI-15",
    name="other-cloud-preferred",
    severity=Severity.ERROR,
    why="cloud-init goes by what it finds on the disk and never asks Azure.",
    when=(generalized, with_cloud_init),
    sources=(f"{sources.CLOUD_INIT_SOURCE}/blob/main/tools/ds-identify",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """ds-identify.cfg names no other source; no seed lies about where others may be looked for.

    Seeds are a warning, for they count only while datasource_list has more than Azure.
    """
    guest = subject.linux
    line, name = _told(guest.tree)
    if name not in ("", "Azure"):
        yield Violation(
            message=f"ds-identify is told that this is {name}",
            place=Place(_CONFIG, line),
            found=f"datasource: {name}",
            expected="no datasource, or Azure",
            fix=by_hand(f"take the line out of {_CONFIG}"),
        )
    if guest.cloud_init.config.get("datasource_list") != ["Azure"]:
        yield from _seeds(guest.tree)
        yield from _seed_disks(subject)


def _told(tree: Tree) -> tuple[int, str]:
    """The line that counts, with its number (1-based), and the data source it names."""
    found = (0, "")
    try:
        text = read_configuration(tree, _CONFIG) or ""
    except GuestError:
        return found
    for number, line in enumerate(text.splitlines(), 1):
        key, colon, value = line.split("#", 1)[0].partition(":")
        if colon and key.strip() == "datasource":
            found = (number, value.strip().strip("\"'"))
    return found


def _seeds(tree: Tree) -> Iterator[Violation]:
    for path in tree.glob(_SEEDS):
        if any(tree.is_file(f"{path}/{name}") for name in ("meta-data", "user-data")):
            yield Violation(
                message="a seed for cloud-init is in the image",
                place=Place(path),
                found="meta-data or user-data",
                expected="none",
                fix=Fix(title="remove it", steps=(RemovePaths(patterns=(_SEEDS,)),)),
                severity=Severity.WARNING,
            )


def _seed_disks(subject: Subject) -> Iterator[Violation]:
    for item in subject.image.file_systems if subject.image else ():
        if item.label.lower() in _LABELS:
            yield Violation(
                message=f"partition {item.partition} is a seed for cloud-init by its label",
                place=Place(subject.disk.container.path, within=f"partition {item.partition}"),
                found=f"label {item.label}",
                expected="no such label",
                fix=by_hand("give it another label, or delete it"),
                severity=Severity.WARNING,
            )
