"""The superblock of a btrfs on one device, and where its chunks of the logical space lie there.

Source: Linux, include/uapi/linux/btrfs_tree.h and btrfs.h, fs/btrfs/tree-checker.c. What is not
known here (zones, RAID over devices, other checksums), or does not add up, is not read any further.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from bootworthy.disk import crc32c
from bootworthy.disk.probes.area import Area
from bootworthy.disk.sizes import GIB, KIB, MIB
from bootworthy.disk.vhd_stream import Span

_MAGIC = b"_BHRfS_M"
_SUPERBLOCK = 64 * KIB
_SUPERBLOCK_SIZE = 4 * KIB
_CHECKSUM_SIZE = 32

# What the device keeps for boot loaders (BTRFS_DEVICE_RANGE_RESERVED), and the further copies of
# the superblock, each in a stripe that is never allocated (exclude_super_stripes).
RESERVED: tuple[Span, ...] = (
    (0, MIB),
    (64 * MIB, 64 * MIB + 64 * KIB),
    (256 * GIB, 256 * GIB + 64 * KIB),
)

# Free space tree (and that it is valid), verity, block group tree.
_KNOWN_RO = 0x1 | 0x2 | 0x4 | 0x8
_RO_BLOCK_GROUP_TREE = 0x8
# Mixed backrefs, default subvolume, mixed groups, LZO, zstd, large metadata, extended references,
# skinny metadata, no holes, metadata UUID, simple quotas. Not RAID over devices, zones, the second
# extent tree, the stripe tree, nor the remap tree: the place of data is another thing with them.
_KNOWN_INCOMPAT = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400 | 0x10000
_INCOMPAT_METADATA_UUID = 0x400
# All others say that an error was found, or that something is being changed: seeds, dumps, UUIDs.
_FLAG_WRITTEN = 0x1

_CHUNK = struct.Struct("<QQQQIIIHH")
_STRIPE = struct.Struct("<QQ16s")
_KEY = struct.Struct("<QBQ")
_CHUNK_ITEM = 228
_FIRST_CHUNK_TREE = 256
_SYSTEM_CHUNKS_SIZE = 2048

_RAID0 = 0x8
_COPIES = 0x10 | 0x20
_PROFILES = 0x7F8

# A device of 64 TiB has so many; 10 GiB are the largest chunks and 1 GiB the usual ones.
_MAX_CHUNKS = 1 << 16
_MAX_STRIPES = 4
MAX_LEVEL = 7
MAX_OFFSET = 1 << 62

Digest = Callable[[bytes], bytes]


class Unreadable(Exception):  # noqa: N818 - a way out, told to nobody
    """Something does not add up, or is not known here."""


@dataclass(frozen=True, kw_only=True)
class Root:
    """Where a tree begins: the logical address of its topmost node, and what that has to say."""

    address: int
    level: int
    generation: int
    owner: int


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The superblock's numbers, in bytes; ``used`` is what all extents take together.

    ``digest`` gives the checksum of a node. ``device`` is what each stripe names it by.
    """

    sector: int
    node: int
    used: int
    device_size: int
    device: tuple[int, bytes]
    fsid: bytes
    digest: Digest
    roots: Root
    chunks: Root
    system_chunks: bytes
    has_group_tree: bool


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """``length`` bytes of the logical space at ``start``, and every place that has all of them."""

    start: int
    length: int
    places: tuple[int, ...]

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.length


def _crc32c(data: bytes) -> bytes:
    return (crc32c.of_bytes(data) ^ crc32c.ALL_ONES).to_bytes(4, "little")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _blake2(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


# By enum btrfs_csum_type; 1 is xxHash, which Python does not have.
_DIGESTS: dict[int, Digest] = {0: _crc32c, 2: _sha256, 3: _blake2}


def checksum_fits(raw: bytes, digest: Digest) -> bool:
    """Whether a node or a superblock begins with the checksum of what follows."""
    found = digest(raw[_CHECKSUM_SIZE:])
    return raw.startswith(found)


def read_layout(area: Area) -> Layout:
    """What the superblock says.

    Raises:
        Unreadable: it is damaged, or the file system is of a sort that is not known here.
        ImageError: the image cannot be read.
    """
    raw = area.at(_SUPERBLOCK, _SUPERBLOCK_SIZE)
    (kind,) = struct.unpack_from("<H", raw, 0xC4)
    digest = _DIGESTS.get(kind)
    if raw[0x40:0x48] != _MAGIC or digest is None or not checksum_fits(raw, digest):
        raise Unreadable
    place, flags = struct.unpack_from("<QQ", raw, 0x30)
    ro_compat, incompat = struct.unpack_from("<QQ", raw, 0xB4)
    (log,) = struct.unpack_from("<Q", raw, 0x60)
    (devices,) = struct.unpack_from("<Q", raw, 0x88)
    if place != _SUPERBLOCK or flags & ~_FLAG_WRITTEN or log or devices != 1:
        raise Unreadable
    if ro_compat & ~_KNOWN_RO or incompat & ~_KNOWN_INCOMPAT:
        raise Unreadable
    layout = _layout_of(raw, digest)
    _refuse_senseless(layout, area)
    return layout


def _layout_of(raw: bytes, digest: Digest) -> Layout:
    generation, root, chunk_root = struct.unpack_from("<QQQ", raw, 0x48)
    (used,) = struct.unpack_from("<Q", raw, 0x78)
    sector, node, _, _, system = struct.unpack_from("<IIIII", raw, 0x90)
    (chunk_generation,) = struct.unpack_from("<Q", raw, 0xA4)
    ro_compat, incompat = struct.unpack_from("<QQ", raw, 0xB4)
    number, size = struct.unpack_from("<QQ", raw, 0xC9)
    if not 0 < system <= _SYSTEM_CHUNKS_SIZE:
        raise Unreadable
    return Layout(
        sector=sector,
        node=node,
        used=used,
        device_size=size,
        device=(number, raw[0x10B:0x11B]),
        fsid=raw[0x23B:0x24B] if incompat & _INCOMPAT_METADATA_UUID else raw[0x20:0x30],
        digest=digest,
        roots=Root(address=root, level=raw[0xC6], generation=generation, owner=1),
        chunks=Root(address=chunk_root, level=raw[0xC7], generation=chunk_generation, owner=3),
        system_chunks=raw[0x32B : 0x32B + system],
        has_group_tree=bool(ro_compat & _RO_BLOCK_GROUP_TREE),
    )


def _refuse_senseless(layout: Layout, area: Area) -> None:
    sizes = [4 * KIB << power for power in range(5)]
    if layout.sector not in sizes or layout.node not in sizes or layout.node < layout.sector:
        raise Unreadable
    if not 0 < layout.device_size <= area.size or layout.used > MAX_OFFSET:
        raise Unreadable


def system_chunks(layout: Layout) -> Iterator[Chunk]:
    """The chunks that the superblock has a copy of: those of the chunk tree itself.

    Raises:
        Unreadable: they do not add up.
    """
    raw, at = layout.system_chunks, 0
    while at < len(raw):
        if at + _KEY.size > len(raw):
            raise Unreadable
        key = _KEY.unpack_from(raw, at)
        found, size = chunk_of(layout, key, raw[at + _KEY.size :])
        yield found
        at += _KEY.size + size


def chunk_of(layout: Layout, key: tuple[int, int, int], raw: bytes) -> tuple[Chunk, int]:
    """The chunk that an item describes, and the size of its description.

    Raises:
        Unreadable: it is no chunk, damaged, or its data lie in no single place.
    """
    objectid, kind, start = key
    if (objectid, kind) != (_FIRST_CHUNK_TREE, _CHUNK_ITEM) or len(raw) < _CHUNK.size:
        raise Unreadable
    length, _, _, flags, _, _, _, count, _ = _CHUNK.unpack_from(raw)
    size = _CHUNK.size + count * _STRIPE.size
    profile = flags & _PROFILES
    # RAID 0 with one stripe is what it would be without.
    whole = not profile & ~_COPIES or (profile == _RAID0 and count == 1)
    if not whole or not 0 < count <= _MAX_STRIPES or size > len(raw):
        raise Unreadable
    stripes = [_STRIPE.unpack_from(raw, at) for at in range(_CHUNK.size, size, _STRIPE.size)]
    if any((number, uuid) != layout.device for number, _, uuid in stripes):
        raise Unreadable
    places = tuple(place for _, place, _ in stripes)
    if length <= 0 or any(value % layout.sector for value in (start, length, *places)):
        raise Unreadable
    if start + length > MAX_OFFSET or any(at + length > layout.device_size for at in places):
        raise Unreadable
    return Chunk(start=start, length=length, places=places), size


class Chunks:
    """Chunks in order of the logical space; ``taken`` are their places on the device, in order.

    Raises:
        Unreadable: there are too many, or two of them share addresses or places.
    """

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        found = list(islice(chunks, _MAX_CHUNKS + 1))
        self.items = sorted(found, key=lambda chunk: chunk.start)
        self._starts = [chunk.start for chunk in self.items]
        self.taken = sorted((at, at + chunk.length) for chunk in found for at in chunk.places)
        shared = any(one.end > other.start for one, other in pairwise(self.items))
        shared = shared or any(one[1] > other[0] for one, other in pairwise(self.taken))
        if shared or len(found) > _MAX_CHUNKS:
            raise Unreadable

    def index_of(self, address: int, size: int) -> int:
        """Which chunk has ``size`` bytes of the logical space.

        Raises:
            Unreadable: none has all of them.
        """
        at = bisect_right(self._starts, address) - 1
        if at < 0 or address + size > self.items[at].end:
            raise Unreadable
        return at

    def place_of(self, address: int, size: int) -> int:
        """Where ``size`` bytes of the logical space lie on the device; raises as ``index_of``."""
        chunk = self.items[self.index_of(address, size)]
        return chunk.places[0] + address - chunk.start
