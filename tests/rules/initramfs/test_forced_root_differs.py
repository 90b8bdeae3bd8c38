from __future__ import annotations

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import SetKeys
from bootworthy.rules.initramfs.forced_root_differs import check
from tests.rules import disks
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

PATH = "/etc/default/grub.d/40-force-partuuid.cfg"


def look(image: Image, changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    whole = subject(healthy(changes), image=image, root_partition=disks.ROOT_NUMBER)
    return findings(check, whole)


def root_of(image: Image) -> str:
    part = image.table.partition(disks.ROOT_NUMBER)
    assert part is not None
    return part.part_uuid


def test_nothing_or_the_root_passes(healthy_image: Image) -> None:
    assert look(healthy_image, {}) == ()
    named = f"GRUB_FORCE_PARTUUID={root_of(healthy_image).upper()}\n"
    assert look(healthy_image, {PATH: named}) == ()


def test_another_partition(healthy_image: Image) -> None:
    (found,) = look(healthy_image, {PATH: "GRUB_FORCE_PARTUUID=0a1d5a52-7a0e\n"})

    assert (found.severity, found.place.path) == (Severity.WARNING, PATH)
    assert found.fix is not None
    settings = (("GRUB_FORCE_PARTUUID", root_of(healthy_image)),)
    assert found.fix.steps == (SetKeys(path=PATH, settings=settings),)
