"""GRUB is told a fixed partition for the root, and it is another one."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys
from bootworthy.rules.command_line.entries import with_entries
from bootworthy.rules.command_line.grub_defaults import file_of
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Ubuntu's grub-mkconfig: 10_linux starts without an initramfs then, and by this partition.
_NAME = "GRUB_FORCE_PARTUUID"


@rule(
    code="INIT-12",
    name="forced-root-differs",
    severity=Severity.WARNING,
    why="The next boot menu starts kernels without an initramfs, by a partition that is not there.",
    when=(has_image, with_entries),
    sources=("https://git.launchpad.net/livecd-rootfs",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """GRUB_FORCE_PARTUUID, where it is set, is the root partition's."""
    guest = subject.linux
    told = guest.boot_loader.defaults.get(_NAME, "")
    root = subject.disk.table.partition(guest.root_partition or 0)
    if not told or root is None or not root.part_uuid or told.lower() == root.part_uuid.lower():
        return
    place = file_of(guest.tree, _NAME)
    keys = SetKeys(path=place, settings=((_NAME, root.part_uuid),))
    yield Violation(
        message="GRUB would start the root by a partition that is not the root",
        place=Place(place),
        found=f"{_NAME}={told}",
        expected=f"{_NAME}={root.part_uuid}",
        fix=Fix(title="name the root partition", steps=(keys,)),
    )
