"""Cluster tables of a size that qemu-img would need an hour to fill."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import ImageError

CLUSTER = 1 << 16
PER_TABLE = CLUSTER // 8
CLUSTERS = 1 << 20
SIZE = CLUSTERS * CLUSTER
TABLES = CLUSTERS // PER_TABLE
DATA = (2 + TABLES) * CLUSTER

COMPRESSED, COPIED = 1 << 62, 1 << 63


def image_of(path: Path, entries: list[int] | npt.NDArray[np.uint64]) -> Path:
    """A sparse qcow2 of 64 GiB with these entries in its tables."""
    header = struct.pack(
        ">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, 0, 0, 16, SIZE, 0, TABLES, CLUSTER, 0, 0, 0, 0
    )
    header += struct.pack(">QQQII", 0, 0, 0, 4, 104)
    directory = COPIED | (np.arange(TABLES, dtype=np.uint64) + np.uint64(2)) * np.uint64(CLUSTER)
    with path.open("wb") as file:
        file.write(header.ljust(CLUSTER, b"\0"))
        file.write(directory.astype(">u8").tobytes().ljust(CLUSTER, b"\0"))
        file.write(np.asarray(entries, np.uint64).astype(">u8").tobytes())
        file.truncate(DATA + SIZE)
    return path


def scattered() -> npt.NDArray[np.uint64]:
    """The data of each cluster before that of the one before, so that none are joined."""
    places = np.arange(CLUSTERS, dtype=np.uint64)[::-1] * np.uint64(CLUSTER)
    return np.uint64(COPIED) | (np.uint64(DATA) + places)


def compressed() -> npt.NDArray[np.uint64]:
    """Each cluster compressed to less than a sector."""
    places = np.arange(CLUSTERS, dtype=np.uint64) * np.uint64(100)
    return np.uint64(COMPRESSED) | (np.uint64(DATA) + places)


# How many bytes of memory reading a map takes, beyond what a small one has taken before.
_MEASURE = """
import sys
from bootworthy.disk.container import open_container
from bootworthy.disk.qcow2 import tables

def most():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))

with open_container(sys.argv[1]) as container:
    before = most()
    assert len(container.extents())
    print(most() - before)
"""


# 48 bytes are the map itself; what is looked at beside it takes a few columns of 8.
@pytest.mark.parametrize(
    ("entries", "kind", "most"),
    [(scattered(), Kind.DATA, 100), (compressed(), Kind.ENCODED, 75)],
    ids=["scattered", "compressed"],
)
def test_a_map_is_made_in_little_more_memory_than_it_takes(
    tmp_path: Path, entries: list[int], kind: Kind, most: int
) -> None:
    image = image_of(tmp_path / "image", entries)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, image], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

    assert int(done.stdout) < most * CLUSTERS
    with open_container(image) as container:
        assert len(container.extents()) == CLUSTERS
        assert container.extents().bytes_of(kind) == SIZE


@pytest.mark.parametrize("place", [0, CLUSTERS // 2, CLUSTERS - 1])
def test_a_cluster_beyond_the_end_is_found_wherever_it_is(tmp_path: Path, place: int) -> None:
    entries = scattered()
    entries[place] = COPIED | (DATA + SIZE)
    image = image_of(tmp_path / "image", entries)

    with pytest.raises(ImageError) as caught, open_container(image) as container:
        container.extents()

    assert caught.value.code == "image-truncated"


def test_a_last_cluster_cut_short_ends_in_zeros(tmp_path: Path) -> None:
    image = image_of(tmp_path / "image", scattered())
    with image.open("r+b") as file:
        # The first cluster of the disk is the last of the file.
        file.truncate(DATA + SIZE - 512)

    with open_container(image) as container:
        rows = container.extents().rows

    assert rows["length"][:2].tolist() == [CLUSTER - 512, 512]
    assert rows["kind"][:2].tolist() == [Kind.DATA, Kind.ZERO]
    assert len(rows) == CLUSTERS + 1
