"""GRUB's core image lies where Azure puts a mark of its own into published images."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.generation import Loader
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.model.image import TableKind
from bootworthy.rules import sources
from bootworthy.rules.conditions import bios, has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# kiwi/storage/subformat/vhdfixed.py, _write_vhd_tag: 512 bytes, 64 KiB into the disk.
_MARK = (64 << 10) // SECTOR


@rule(
    code="VHD-13",
    name="core-image-too-long",
    severity=Severity.NOTE,
    why="The Marketplace writes 512 bytes at 64 KiB of a published disk, in the middle of GRUB.",
    when=(has_image, bios),
    sources=(
        sources.CERTIFICATION,
        "https://github.com/OSInside/kiwi/blob/master/kiwi/storage/subformat/vhdfixed.py",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """In the gap behind an MBR, no piece of the core image covers the sector at 64 KiB."""
    disk = subject.disk
    code = disk.boot_code
    if code.loader is not Loader.GRUB2 or disk.table.kind is not TableKind.MBR:
        return
    for start, count in code.core_runs:
        if start <= _MARK < start + count:
            yield Violation(
                message="GRUB's core image reaches over the byte at 64 KiB",
                place=Place(disk.container.path, within=f"sector {start}"),
                found=f"sectors {start} to {start + count - 1}",
                expected=f"nothing at sector {_MARK}",
                fix=by_hand("use a GPT with a BIOS boot partition, or GRUB with fewer modules"),
            )
