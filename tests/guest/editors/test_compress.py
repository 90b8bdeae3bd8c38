from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from bootworthy.guest.editors import compress
from bootworthy.guest.facts import decompress

# More than one block of lz4.
DATA = random.Random(1).randbytes(300_000) + bytes(9 << 20)  # noqa: S311 - any bytes do

# The tools that unmkinitramfs and the kernel's own build use.
TOOLS = {
    "bzip2": ["bzip2", "-dc"],
    "gzip": ["gzip", "-dc"],
    "lz4": ["lz4", "-dc"],
    "lzma": ["xz", "--format=lzma", "-dc"],
    "xz": ["xz", "-dc"],
    "zstd": ["zstd", "-dc"],
}


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_our_own_unpacker_reads_it(name: str) -> None:
    packed = compress.pack(name, DATA)
    stream = decompress.unpacker(memoryview(packed))
    assert stream is not None
    assert (b"".join(stream), stream.name, stream.consumed) == (DATA, name, len(packed))


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_the_tools_read_it(name: str) -> None:
    if not shutil.which(TOOLS[name][0]):
        pytest.skip(f"{TOOLS[name][0]} is not installed")
    packed = compress.pack(name, DATA)
    done = subprocess.run(TOOLS[name], input=packed, capture_output=True, check=True)
    assert done.stdout == DATA


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_the_same_input_gives_the_same_bytes(name: str) -> None:
    assert compress.pack(name, DATA) == compress.pack(name, DATA)


def test_xz_has_the_check_that_the_kernel_knows() -> None:
    # Stream flags, second byte: 1 is CRC-32 (xz file format, 2.1.1.2).
    assert compress.pack("xz", DATA)[7] == 1


def test_unknown() -> None:
    with pytest.raises(KeyError):
        compress.pack("lzo", DATA)
