"""Databases that rpm and Berkeley DB themselves wrote."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import subprocess
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.facts import packages
from bootworthy.guest.facts.package_databases import rpm_berkeley, rpm_ndb
from bootworthy.guest.facts.package_databases.package import DatabaseError
from tests.guest.memory import MemoryTree
from tests.guests import rpms

PACKAGES = (rpms.AGENT, rpms.GDISK, rpms.SUSE_DAEMONS)
VERSIONS = {"WALinuxAgent": "2.9.1.1-1.el9", "gdisk": "1.0.7-1.el9", "hyper-v": "8-1.el9"}

pytestmark = pytest.mark.skipif(
    not (shutil.which("rpmbuild") and shutil.which("db5.3_load")),
    reason="no rpmbuild and db5.3_load to write databases with",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the same packages in a database of each kind."""
    work = tmp_path_factory.mktemp("rpm")
    rpms.build(PACKAGES, work / "out", work)
    files = [str(path) for path in (work / "out").glob("*.rpm")]
    database = ("--define", f"_dbpath {work}/sqlite", "--define", "_db_backend sqlite")
    argv = ["rpm", *database, "--install", "--justdb", "--nodeps", "--nosignature", *files]
    subprocess.run(argv, check=True, capture_output=True)
    with closing(sqlite3.connect(work / "sqlite" / "rpmdb.sqlite")) as connection:
        headers = [blob for (blob,) in connection.execute("SELECT blob FROM Packages")]
    _write_berkeley(work / "Packages", headers)
    (work / "Packages.db").write_bytes(_ndb(headers))
    return work


def _write_berkeley(path: Path, headers: list[bytes]) -> None:
    """What rpm of release 8 wrote: its own counter under key 0, and headers under numbers."""
    pairs = [(bytes(4), b"\3\0\0\0")]
    pairs += [(n.to_bytes(4, "little"), blob) for n, blob in enumerate(headers, 1)]
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", "HEADER=END"]
    for pair in pairs:
        lines += [f" {part.hex()}" for part in pair]
    typed = "\n".join([*lines, "DATA=END", ""])
    subprocess.run(
        ["db5.3_load", str(path)], check=True, capture_output=True, input=typed, text=True
    )


def _ndb(headers: list[bytes]) -> bytes:
    """What rpmpkg.c writes; Debian's rpm is built without it. The second slot is a free one."""
    slots, body = struct.pack("<4sIII", b"Slot", 0, 0, 0), b""
    for index, blob in enumerate(headers, 1):
        blocks = -(-(16 + len(blob) + 12) // 16)
        slots += struct.pack("<4sIII", b"Slot", index, (4096 + len(body)) // 16, blocks)
        head = struct.pack("<4sIII", b"BlbS", index, 7, len(blob))
        tail = struct.pack("<II4s", zlib.adler32(head + blob), len(blob), b"BlbE")
        body += (head + blob).ljust(blocks * 16 - 12, b"\0") + tail
    slots += struct.pack("<4sIII", b"Slot", 0, 0, 0) * (256 - 2 - len(slots) // 16)
    header = struct.pack("<4sIIII12x", b"RpmP", 0, 7, 1, len(headers) + 1)
    return header + slots + body


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("Packages.db", "/usr/lib/sysimage/rpm/Packages.db"),
        ("Packages", "/var/lib/rpm/Packages"),
        ("sqlite/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"),
    ],
)
def test_every_kind_holds_the_same_packages(written: Path, source: str, place: str) -> None:
    found = packages.read(MemoryTree({place: (written / source).read_bytes()}))

    assert (found.problem, found.path) == ("", place)
    assert {name: package.version for name, package in found.installed.items()} == VERSIONS


@pytest.mark.parametrize("source", ["Packages.db", "Packages"])
def test_one_that_is_cut_short_is_said_to_be(written: Path, source: str) -> None:
    data = (written / source).read_bytes()
    place = f"/var/lib/rpm/{Path(source).name}"
    found = packages.read(MemoryTree({place: data[: len(data) // 2]}))

    assert found.problem or len(found.installed) < len(VERSIONS)


@given(data=st.binary(max_size=600))
def test_garbage_ends_in_an_error(data: bytes) -> None:
    tail = (data or b"Slot") * (8192 // max(len(data), 4))
    hash_table = data[:12].ljust(12, b"\0") + b"\x61\x15\x06\0" + bytes(4) + b"\0\x10\0\0"
    for read, head in ((rpm_ndb.blobs, b"RpmP" + data), (rpm_berkeley.blobs, hash_table + data)):
        try:
            list(read(head + tail, "/x"))
        except DatabaseError:
            continue
