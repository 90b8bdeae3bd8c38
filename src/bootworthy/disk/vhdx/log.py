"""The log of a VHDX file: changes that were written down, and may not have been made yet.

Source: [MS-VHDX] 2.3, "Log". The log is a ring of sectors of 4 KiB. An entry in it is a header,
descriptors of changes, and a sector for each page of 4 KiB that changes to something else than
zeros. A log that is not empty has to be replayed before anything else in the file counts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import google_crc32c
import numpy as np
import numpy.typing as npt

from bootworthy.disk.extents import Ints
from bootworthy.disk.sizes import MIB
from bootworthy.disk.vhdx.header import unsupported
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.vhdx.header import Header

SECTOR = 4096

# Windows makes logs of 1 MiB. One is held in memory while it is searched.
_MAX_LOG = 64 * MIB
_MAX_CHANGES = 1 << 18

# Signature, checksum, length of the entry, where in the log its sequence begins, sequence number,
# descriptors, reserved, log identifier, sizes that the file has and will have at least.
_ENTRY = struct.Struct("<4sIIIQI4x16sQQ")

# A page of data has its first 8 and last 4 bytes here, since those of its sector are taken; zeros
# have their length in place of the first.
_CHANGE = np.dtype(
    [
        ("signature", "S4"),
        ("trailing", "<u4"),
        ("leading", "<u8"),
        ("offset", "<u8"),
        ("sequence", "<u8"),
    ]
)
_DATA, _ZERO = b"desc", b"zero"
_DATA_SECTOR = int.from_bytes(b"data", "little")

_BATCH_SECTORS = 256

# Sums of two offsets below this stay in 64 bits.
_MAX_OFFSET = 1 << 62

Sectors: TypeAlias = npt.NDArray[np.uint8]
Changes: TypeAlias = npt.NDArray[np.void]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry at ``sector`` of the log, ``sectors`` long; ``tail`` is a place in the log in bytes.

    ``pages`` are the places in the log of the sectors that belong to the data among ``changes``.
    """

    sector: int
    sectors: int
    tail: int
    sequence: int
    flushed: int
    last: int
    changes: Changes
    pages: Ints


def read(file: HostFile, header: Header) -> tuple[Entry, ...]:
    """The entries to replay, in their order.

    Raises:
        ImageError: ``image-corrupt`` when there are none, ``image-truncated`` when the file is
            shorter than it was, ``image-too-complex`` when the log is too large.
    """
    place = header.log
    if place.length == 0 or place.length % MIB or place.offset % MIB or place.offset < MIB:
        file.corrupt("its log is not aligned to 1 MiB")
    if header.log_version != 0:
        unsupported(file, f"a VHDX with a log of version {header.log_version}")
    if place.length > _MAX_LOG:
        _too_complex(file, f"a log of {place.length // MIB} MiB")
    raw = file.pread_exact(place.offset, place.length, "log")
    ring = np.frombuffer(raw, np.uint8).reshape(-1, SECTOR)
    active = _active(_valid_entries(ring, header.log_id.bytes_le), len(ring))
    if not active:
        file.corrupt("it was not closed properly, and its log has no valid entries")
    if active[-1].flushed > file.size:
        file.truncated(active[-1].flushed, "data, by its log,")
    if sum(len(entry.changes) for entry in active) > _MAX_CHANGES:
        _too_complex(file, f"a log of more than {_MAX_CHANGES} changes")
    return active


def _too_complex(file: HostFile, what: str) -> NoReturn:
    raise ImageError(
        "image-too-complex",
        f"{file.path} was not closed properly and has {what}",
        hint="replay it in a copy: attach and detach that in Windows, "
        "or qemu-img check -r all -f vhdx COPY.vhdx",
    )


def _valid_entries(ring: Sectors, log_id: bytes) -> dict[int, Entry]:
    """The valid entries by their first sectors; none lies over another.

    No sector inside an entry begins as an entry does. So each sector is looked at in one entry
    only, however many a hostile log claims.
    """
    heads = np.flatnonzero(np.all(ring[:, :4] == np.frombuffer(b"loge", np.uint8), axis=1))
    room = np.diff(heads, append=heads[:1] + len(ring))
    found = {}
    for sector, limit in zip(heads.tolist(), room.tolist(), strict=True):
        entry = _entry(ring, sector, limit, log_id)
        if entry is not None:
            found[sector] = entry
    return found


def _entry(ring: Sectors, sector: int, limit: int, log_id: bytes) -> Entry | None:
    """The entry at ``sector``, of at most ``limit`` sectors; None when it is not valid."""
    header = _ENTRY.unpack(ring[sector, : _ENTRY.size].tobytes())
    _, checksum, length, tail, sequence, count, owner, flushed, last = header
    sectors, rest = divmod(length, SECTOR)
    described = -(-(_ENTRY.size + count * _CHANGE.itemsize) // SECTOR)
    if owner != log_id or rest or not described <= sectors <= limit or sequence == 0:
        return None
    rows = (sector + np.arange(sectors)) % len(ring)
    if checksum != _checksum(ring, rows):
        return None
    changes = np.frombuffer(ring[rows[:described]].tobytes(), _CHANGE, count, _ENTRY.size)
    pages = rows[described:][: np.count_nonzero(changes["signature"] == _DATA)]
    if not _fits(changes, ring, pages, sequence):
        return None
    return Entry(
        sector=sector,
        sectors=sectors,
        tail=tail,
        sequence=sequence,
        flushed=flushed,
        last=min(last, _MAX_OFFSET),
        changes=changes,
        pages=pages * SECTOR,
    )


def _checksum(ring: Sectors, rows: Ints) -> int:
    """The checksum of sectors that stands at byte 4, taken with zeros in its own place."""
    first = ring[rows[0]].tobytes()
    checksum = google_crc32c.value(first[:4] + bytes(4) + first[8:])
    for start in range(1, len(rows), _BATCH_SECTORS):
        batch = ring[rows[start : start + _BATCH_SECTORS]].tobytes()
        checksum = google_crc32c.extend(checksum, batch)
    return int(checksum)


def _fits(changes: Changes, ring: Sectors, pages: Ints, sequence: int) -> bool:
    """Whether descriptors and sectors of data belong to an entry of this number."""
    data, zero = changes["signature"] == _DATA, changes["signature"] == _ZERO
    if not np.all(data | zero) or np.count_nonzero(data) != len(pages):
        return False
    length = np.where(zero, changes["leading"], SECTOR)
    if np.any((changes["offset"] % SECTOR != 0) | (length % SECTOR != 0)):
        return False
    if np.any((changes["offset"] > _MAX_OFFSET) | (length > _MAX_OFFSET)):
        return False
    signature, high, low = (
        np.frombuffer(ring[:, at : at + 4][pages].tobytes(), "<u4") for at in (0, 4, SECTOR - 4)
    )
    return bool(
        np.all(changes["sequence"] == np.uint64(sequence))
        and np.all(signature == _DATA_SECTOR)
        and np.all(high == sequence >> 32)
        and np.all(low == sequence & 0xFFFF_FFFF)
    )


def _active(entries: dict[int, Entry], sectors: int) -> tuple[Entry, ...]:
    """The valid sequence whose last entry is the latest, from where that entry says it begins.

    [MS-VHDX] 2.3.2: entries that follow each other in the ring, numbered one by one, where the last
    names one of them as the first that still counts.
    """
    after = {}
    for entry in entries.values():
        following = entries.get((entry.sector + entry.sectors) % sectors)
        if following is not None and following.sequence == entry.sequence + 1:
            after[entry.sector] = following
    continued = {entry.sector for entry in after.values()}
    best: tuple[Entry, ...] = ()
    for first in entries.values():
        if first.sector not in continued:
            found = _from_tail(_chain(first, after))
            if found and (not best or found[-1].sequence > best[-1].sequence):
                best = found
    return best


def _chain(entry: Entry, after: dict[int, Entry]) -> list[Entry]:
    chain = [entry]
    # Numbers only grow, so that even a full ring has an end.
    while chain[-1].sector in after:
        chain.append(after[chain[-1].sector])
    return chain


def _from_tail(chain: list[Entry]) -> tuple[Entry, ...]:
    """What still counts of a chain; nothing when its last entry does not say."""
    for number, entry in enumerate(chain):
        if entry.sector * SECTOR == chain[-1].tail:
            return tuple(chain[number:])
    return ()
