"""Disks to send, and the fixed VHD that each would become, made without the code under test."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.repartition import move_backup_gpt
from tests.disk.making import MIB, patch, patterned, run, sparse

UNIQUE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
CREATED = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)

SOURCES = ("raw", "qcow2", "qcow2-zlib", "qcow2-zstd", "vhd", "odd-vhd")
"""What ``make`` makes."""


def raw_disk(path: Path) -> Path:
    """A GPT disk of no whole MiB, with data, a hole of many MiB and gaps of every size."""
    patterned(path, 9 * MIB + 1536)
    with path.open("r+b") as file:
        file.truncate(24 * MIB + 512)
    run("sfdisk", "--quiet", path, typed="label: gpt\nstart=2048,size=20480\n")
    patch(path, 20 * MIB, os.urandom(4096) + bytes(131072) + b"x" + bytes(140000) + b"y")
    return path


def make(kind: str, folder: Path) -> Path:
    """The disk of ``raw_disk`` in another container."""
    raw = raw_disk(folder / "disk.raw")
    out = folder / f"disk.{kind}"
    if kind == "raw":
        return raw
    if kind.startswith("qcow2"):
        packed = ("-c", "-o", f"compression_type={kind[6:]}") if len(kind) > 5 else ()
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *packed, raw, out)
    elif kind == "vhd":
        write_sparsely(out, fixed_vhd(raw))
    else:
        write_sparsely(out, raw.read_bytes() + footer.build(raw.stat().st_size))
    return out


def write_sparsely(path: Path, data: bytes) -> None:
    """Write a file that has holes where ``data`` has zeros."""
    sparse(path, len(data))
    with path.open("r+b") as file:
        for start in range(0, len(data), 4096):
            block = data[start : start + 4096]
            if any(block):
                file.seek(start)
                file.write(block)


def fixed_vhd(source: Path) -> bytes:
    """The fixed VHD of a disk: copied, grown, its GPT moved, sealed."""
    with open_container(source) as container, source.with_suffix(".work").open("w+b") as file:
        copy_disk(container, file.fileno())
        size = -(-container.virtual_size // MIB) * MIB
        file.truncate(size)
        move_backup_gpt(file.fileno(), size)
        file.seek(0)
        return file.read() + footer.build(size, unique_id=UNIQUE, created=CREATED)


def small_disk(path: Path) -> Path:
    """A GPT disk of little more than 3 MiB, half of it data: many runs of it take no time."""
    patterned(path, 3 * MIB + 512)
    run("sfdisk", "--quiet", path, typed="label: gpt\nstart=2048,size=2048\n")
    return path
