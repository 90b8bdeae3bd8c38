"""Small disks with a GPT, in VHDs of every sort that tools leave behind."""

from __future__ import annotations

import os
from pathlib import Path

from bootworthy.disk import footer
from tests.disk.making import MIB, patch, patterned, run

SIZE = 24 * MIB + 1536
ALIGNED = 25 * MIB
_UUID = "11111111-2222-4333-8444-555555555555"
PARTITION_END = (2048 + 40000) * 512


def make_disk(path: Path, size: int = SIZE) -> None:
    """A raw disk with data, and a GPT with one partition of ``PARTITION_END``."""
    patterned(path)
    os.truncate(path, size)
    # Always the same identities, so that two such disks are the same.
    table = f"label: gpt\nlabel-id: {_UUID}\nstart=2048, size=40000, uuid={_UUID}\n"
    run("sfdisk", "-q", "--no-reread", path, typed=table)


def vhd(path: Path) -> None:
    """A VHD without a fault."""
    make_disk(path, ALIGNED)
    with path.open("ab") as file:
        file.write(footer.build(ALIGNED))


def spoil_footer(path: Path, offset: int, data: bytes, *, checksum: bool = True) -> None:
    """Write into the footer, and mend its checksum unless told not to."""
    whole = bytearray(path.read_bytes()[-512:])
    whole[offset : offset + len(data)] = data
    if checksum:
        whole[64:68] = footer.checksum_of(bytes(whole)).to_bytes(4, "big")
    patch(path, path.stat().st_size - 512, bytes(whole))


def geometry_rounded(path: Path) -> None:
    """What qemu-img makes of an aligned disk without force_size."""
    raw = path.with_name("source")
    make_disk(raw, ALIGNED)
    run("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed", raw, path)
    raw.unlink()
    assert path.stat().st_size != ALIGNED + 512


def after_footer(path: Path) -> None:
    """A VHD that a tool padded to whole pages."""
    vhd(path)
    with path.open("ab") as file:
        file.write(b"padding" + bytes(3577))


def converted_twice(path: Path) -> None:
    """A VHD that was taken for a raw disk and converted again."""
    vhd(path)
    os.truncate(path, ALIGNED + MIB)
    with path.open("ab") as file:
        file.write(footer.build(ALIGNED + MIB))
