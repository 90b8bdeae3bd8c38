"""The record of a transfer: what it is, and which ranges have arrived. It outlives a power cut.

A range that arrived but was not written down is sent once more, which does no harm; so the record
may lag behind, but never runs ahead.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from bootworthy.disk.vhd_stream import Span
from bootworthy.model.errors import HostError, UsageError

_TABLES = """
CREATE TABLE IF NOT EXISTS transfer (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ranges (start INTEGER PRIMARY KEY, stop INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS windows (start INTEGER PRIMARY KEY, stop INTEGER NOT NULL);
"""


@dataclass(frozen=True, kw_only=True)
class _Written:
    """What a journal is about, as a dataclass that JSON can hold."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """The record that was written down as ``data``."""
        return cls(**data)  # TypeError where a version has other fields


@dataclass(frozen=True, kw_only=True)
class Record(_Written):
    """What a transfer is: from which source, to where, with which footer.

    ``upload_id`` marks the target as this transfer's. ``foreign`` are spans that the target held
    before. No secret is among it.
    """

    source: str
    target: str
    size: int
    window: int
    footer: str
    upload_id: str
    foreign: tuple[Span, ...] = ()

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """The record that was written down as ``data``."""
        foreign = tuple((int(start), int(end)) for start, end in data["foreign"])
        return super().of(data | {"foreign": foreign})


@dataclass(frozen=True, kw_only=True)
class FetchRecord(_Written):
    """What a download is: from where, of which version of the blob, in windows of which size.

    ``file`` is the inode of the file at work, so that no other one is taken for it.
    """

    target: str
    size: int
    window: int
    etag: str
    file: int


R = TypeVar("R", bound=_Written)


def default_path(target: str, source: str) -> Path:
    """Where the journal of a transfer is kept: below XDG_STATE_HOME (XDG base directories)."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    name = hashlib.sha256(f"{target}\0{Path(source).absolute()}".encode()).hexdigest()[:32]
    return Path(state) / "bootworthy" / "transfers" / f"{name}.sqlite"


class Journal(Generic[R]):
    """An open journal with a record of type ``kind``, this process's alone.

    It is safe to use from several threads.

    Raises:
        HostError: ``journal-unusable``: it cannot be written, or another run has it open.
        UsageError: ``journal-damaged``: the file is something else.
    """

    def __init__(self, path: Path, kind: type[R]) -> None:
        self.path = path
        self._kind = kind
        self._closed = False
        self._lock = threading.Lock()
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Made first, so that it is never readable for others.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None, timeout=1.0
            )
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        # EXCLUSIVE keeps other runs out; NORMAL with WAL loses at most the last ranges.
        for pragma in (
            "busy_timeout=1000",
            "locking_mode=EXCLUSIVE",
            "journal_mode=WAL",
            "synchronous=NORMAL",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript("BEGIN IMMEDIATE;" + _TABLES + "COMMIT;")

    def record(self) -> R | None:
        """What was begun, None in a new journal.

        Raises:
            UsageError: ``journal-damaged``, or of another version.
        """
        with _explained(self.path), self._lock:
            row = self._db.execute("SELECT text FROM transfer").fetchone()
        if row is None:
            return None
        try:
            return self._kind.of(json.loads(row[0]))
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged(self.path) from error

    def begin(self, record: R) -> None:
        """Forget everything and write down what begins; it is on the disk when this returns."""
        text = json.dumps(asdict(record))
        with _explained(self.path), self._lock:
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("BEGIN")
            for table in ("ranges", "windows", "transfer"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._db.execute("INSERT INTO transfer VALUES (1, ?)", (text,))
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA synchronous=NORMAL")

    def add(self, span: Span) -> None:
        """A range has arrived."""
        with _explained(self.path), self._lock:
            self._db.execute("INSERT OR REPLACE INTO ranges VALUES (?, ?)", span)

    def close_window(self, *windows: Span) -> None:
        """All of a window, or of each of them, has arrived, or is zero."""
        with _explained(self.path), self._lock:
            self._db.executemany("INSERT OR REPLACE INTO windows VALUES (?, ?)", windows)

    def windows(self) -> frozenset[Span]:
        """The windows that are done."""
        with _explained(self.path), self._lock:
            rows = self._db.execute("SELECT start, stop FROM windows")
            return frozenset((row[0], row[1]) for row in rows)

    def spans(self, start: int, end: int) -> frozenset[Span]:
        """The ranges between two offsets that have arrived."""
        query = "SELECT start, stop FROM ranges WHERE start >= ? AND start < ?"
        with _explained(self.path), self._lock:
            return frozenset((row[0], row[1]) for row in self._db.execute(query, (start, end)))

    def sent_bytes(self) -> int:
        """How many bytes have arrived."""
        query = "SELECT coalesce(sum(stop - start), 0) FROM ranges"
        with _explained(self.path), self._lock:
            return int(self._db.execute(query).fetchone()[0])

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._closed = True
        self._db.close()

    def remove(self) -> None:
        """Close and delete it: nothing is left to continue."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                self.path.with_name(self.path.name + suffix).unlink()

    def __enter__(self) -> Self:
        """Use the journal as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; delete it when nothing was begun."""
        if self._closed or self._is_begun():
            self.close()
        else:
            self.remove()

    def _is_begun(self) -> bool:
        with self._lock:
            try:
                return self._db.execute("SELECT 1 FROM transfer").fetchone() is not None
            except sqlite3.Error:
                return True


def _damaged(path: Path) -> UsageError:
    return UsageError(
        "journal-damaged",
        f"{path} is no journal of this version",
        hint="delete it and begin again with --force",
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        busy = "locked" in str(error)
        raise HostError(
            "journal-unusable",
            f"{path}: {'another run is at this transfer' if busy else error}",
            hint="wait for it, or end it" if busy else "choose another file: --journal FILE",
        ) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path) from error
    except OSError as error:
        raise HostError(
            "journal-unusable", f"{path}: {error.strerror}", hint="choose another: --journal FILE"
        ) from error
