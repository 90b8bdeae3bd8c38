"""The rpm database: package headers in SQLite (rpm 4.16 and later), ndb or Berkeley DB."""

from __future__ import annotations

import posixpath
import sqlite3
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path

from bootworthy.guest.facts.package_databases import rpm_berkeley, rpm_ndb
from bootworthy.guest.facts.package_databases.package import DatabaseError, Package
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

# RHEL and openSUSE, then Fedora since 36 and newer SUSE, then ostree.
_DIRECTORIES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
_SQLITE = "rpmdb.sqlite"
_OTHER_KINDS = {"Packages.db": rpm_ndb.blobs, "Packages": rpm_berkeley.blobs}

# The database of a desktop with 3000 packages has 200 MB.
_SIZE_LIMIT = 512 << 20
_MAX_PACKAGES = 100_000

# lib/rpmtag.h and lib/header.c of rpm: tags, types, and the most entries a header may have.
_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH = 1000, 1001, 1002, 1003, 1022
_INT32, _STRING, _I18N_STRING = 4, 6, 9
_MAX_ENTRIES = 0xFFFF
_PRELUDE = struct.Struct(">II")
_ENTRY = struct.Struct(">IIII")

# How many steps SQLite's virtual machine may take, in batches: a row takes ten, and what should be
# a table can be an endless query in disguise.
_STEP_BATCH = 100_000
_MAX_BATCHES = 100


def path(tree: Tree) -> str | None:
    """The database's file of the kind that is found first, None when there is none."""
    for directory in _DIRECTORIES:
        for name in (_SQLITE, *_OTHER_KINDS):
            candidate = posixpath.join(directory, name)
            if tree.is_file(candidate):
                return candidate
    return None


def packages(tree: Tree, database: str) -> Iterator[Package]:
    """Every installed package, also public keys, which rpm keeps as packages.

    Raises:
        DatabaseError: the database is damaged, or of a kind that is not read.
    """
    blobs = _OTHER_KINDS.get(posixpath.basename(database))
    if blobs:
        for blob in islice(blobs(_read(tree, database), database), _MAX_PACKAGES):
            yield _package(blob, database)
        return
    with tempfile.TemporaryDirectory(prefix="bootworthy-rpmdb-") as scratch:
        copy = _private_copy(tree, database, Path(scratch))
        try:
            with closing(sqlite3.connect(copy)) as connection:
                yield from _rows(connection, database)
        except sqlite3.Error as error:
            raise DatabaseError(f"{database}: {error}") from None


def _private_copy(tree: Tree, database: str, scratch: Path) -> Path:
    # rpm leaves changes in the write-ahead log when it is not closed properly; SQLite finds it
    # by its name beside the database.
    copy = scratch / _SQLITE
    for suffix in ("", "-wal"):
        if tree.is_file(database + suffix):
            data = _read(tree, database + suffix)
            (scratch / (_SQLITE + suffix)).write_bytes(data)
    return copy


def _read(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path, limit=_SIZE_LIMIT)
    except GuestError as error:
        raise DatabaseError(error.message) from None


def _rows(connection: sqlite3.Connection, database: str) -> Iterator[Package]:
    batches = iter(range(_MAX_BATCHES))
    connection.set_progress_handler(lambda: next(batches, None) is None, _STEP_BATCH)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    query = "SELECT blob FROM Packages LIMIT ?"
    for (blob,) in connection.execute(query, (_MAX_PACKAGES,)):
        yield _package(blob, database)


def _package(blob: object, database: str) -> Package:
    fields = _header(blob) if isinstance(blob, bytes) else {}
    if not fields.get(_NAME) or not fields.get(_VERSION):
        raise DatabaseError(f"{database}: a package header is damaged")
    epoch = f"{fields[_EPOCH]}:" if _EPOCH in fields else ""
    release = f"-{fields[_RELEASE]}" if fields.get(_RELEASE) else ""
    version = f"{epoch}{fields[_VERSION]}{release}"
    return Package(fields[_NAME], version, fields.get(_ARCH, ""))


def _header(blob: bytes) -> Mapping[int, str]:
    """The fields of a header that matter here, as text."""
    if len(blob) < _PRELUDE.size:
        return {}
    entries, size = _PRELUDE.unpack_from(blob)
    store = _PRELUDE.size + entries * _ENTRY.size
    if entries > _MAX_ENTRIES or store + size > len(blob):
        return {}
    found: dict[int, str] = {}
    for index in range(entries):
        tag, kind, offset, _ = _ENTRY.unpack_from(blob, _PRELUDE.size + index * _ENTRY.size)
        if tag in (_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH) and offset < size:
            found[tag] = _value(blob[store + offset : store + size], kind)
    return found


def _value(data: bytes, kind: int) -> str:
    if kind == _INT32:
        return str(int.from_bytes(data[:4], "big"))
    if kind in (_STRING, _I18N_STRING):
        return data.partition(b"\0")[0].decode("utf-8", "replace")
    return ""
