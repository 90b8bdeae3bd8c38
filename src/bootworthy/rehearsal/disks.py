"""The machine's disks: a throw-away layer over the image, a resource disk as Azure's, data disks.

Nothing here opens the image for writing, and QEMU is told every format: an image that begins like
a qcow2 file stays a raw disk whatever its first bytes say.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootworthy.disk.mbr import SIGNATURE
from bootworthy.disk.sizes import MIB, SECTOR
from bootworthy.model.errors import HostError

GROWTH = 1024 * MIB
"""Bytes the OS disk is larger than the image: as when a user asks for a larger OS disk."""

DATA_SIZE = 1024 * MIB
"""Bytes of each data disk: no other disk of the machine has as many."""

_RESOURCE_SIZE = 8192 * MIB

# Azure formats the temporary disk for Windows, under this name (learn.microsoft.com,
# "Azure managed disks overview", temporary disk).
_LABEL = "Temporary Storage"
_NTFS = 0x07
_TIMEOUT = 120


@dataclass(frozen=True, kw_only=True)
class Disks:
    """Files of the disks; ``os_overlay`` holds only what differs from the image."""

    image: Path
    image_size: int
    os_overlay: Path
    resource: Path
    data: tuple[Path, ...]


def make_disks(image: Path, image_size: int, directory: Path, *, data_disks: int = 0) -> Disks:
    """Make the files in ``directory``; ``image_size`` is the disk's, without a VHD's footer.

    Raises:
        HostError: a tool is missing or fails, or there is no space.
    """
    overlay = directory / "os.qcow2"
    _run("qemu-img", "create", "-q", "-f", "qcow2", str(overlay), str(image_size + GROWTH))
    resource = directory / "resource.raw"
    _make_resource_disk(resource, directory)
    data = tuple(directory / f"data{number}.raw" for number in range(data_disks))
    for path in data:
        _make_empty(path, DATA_SIZE)
    return Disks(
        image=image,
        image_size=image_size,
        os_overlay=overlay,
        resource=resource,
        data=data,
    )


def block_arguments(disks: Disks) -> list[str]:
    """The block nodes: ``os``, ``resource``, ``data0`` and so on."""
    image = {
        "node-name": "image",
        "driver": "raw",
        "read-only": True,
        "size": disks.image_size,
        "file": {"driver": "file", "filename": os.fspath(disks.image), "read-only": True},
    }
    overlay = {
        "node-name": "os",
        "driver": "qcow2",
        "file": {"driver": "file", "filename": os.fspath(disks.os_overlay), **_CARELESS},
        "backing": "image",
        **_CARELESS,
    }
    raw = [("resource", disks.resource)]
    raw += [(f"data{number}", path) for number, path in enumerate(disks.data)]
    nodes = [image, overlay, *(_raw_node(name, path) for name, path in raw)]
    return [word for node in nodes for word in ("-blockdev", json.dumps(node))]


# Nothing that is written here has to outlive a crash, and zeros take no space.
_CARELESS: dict[str, Any] = {
    "cache": {"no-flush": True},
    "discard": "unmap",
    "detect-zeroes": "unmap",
}


def _raw_node(name: str, path: Path) -> dict[str, Any]:
    file = {"driver": "file", "filename": os.fspath(path), **_CARELESS}
    return {"node-name": name, "driver": "raw", "file": file, **_CARELESS}


def _make_resource_disk(path: Path, directory: Path) -> None:
    """A disk with one partition, and NTFS on it where that can be made."""
    _make_empty(path, _RESOURCE_SIZE)
    _write_table(path)
    mkntfs = shutil.which("mkfs.ntfs", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if mkntfs is None:
        return
    volume = directory / "volume.ntfs"
    _make_empty(volume, _RESOURCE_SIZE - MIB)
    start = str(MIB // SECTOR)
    geometry = ("-p", start, "-H", "255", "-S", "63", "-s", str(SECTOR))
    _run(mkntfs, "-Q", "-q", "-F", *geometry, "-L", _LABEL, str(volume))
    _copy_into(volume, path, MIB)
    volume.unlink()


def _make_empty(path: Path, size: int) -> None:
    with path.open("xb") as file:
        file.truncate(size)


def _write_table(path: Path) -> None:
    """One primary partition of NTFS's type from the first MiB to the end (UEFI 2.10, §5.2.1)."""
    start, count = MIB // SECTOR, (_RESOURCE_SIZE - MIB) // SECTOR
    beyond_chs = b"\xfe\xff\xff"
    entry = b"\0" + beyond_chs + bytes((_NTFS,)) + beyond_chs
    entry += start.to_bytes(4, "little") + count.to_bytes(4, "little")
    table = bytes(440) + b"AZRD\0\0" + entry + bytes(48) + SIGNATURE
    with path.open("r+b") as file:
        file.write(table)


def _copy_into(source: Path, target: Path, offset: int) -> None:
    """Copy what is not a hole, ``offset`` bytes further on."""
    with source.open("rb") as reader, target.open("r+b") as writer:
        end, place = os.fstat(reader.fileno()).st_size, 0
        while (place := _next_data(reader.fileno(), place)) < end:
            hole = os.lseek(reader.fileno(), place, os.SEEK_HOLE)
            while place < hole:
                data = os.pread(reader.fileno(), min(MIB, hole - place), place)
                os.pwrite(writer.fileno(), data, offset + place)
                place += len(data)


def _next_data(fd: int, place: int) -> int:
    try:
        return os.lseek(fd, place, os.SEEK_DATA)
    except OSError:
        return os.fstat(fd).st_size


def _run(*argv: str) -> None:
    try:
        subprocess.run(argv, check=True, capture_output=True, timeout=_TIMEOUT)
    except FileNotFoundError as error:
        raise HostError(
            "tool-missing", f"{argv[0]} is not installed", hint="install qemu-utils"
        ) from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip()
        raise HostError("tool-failed", f"{argv[0]} failed: {said or error}") from error
