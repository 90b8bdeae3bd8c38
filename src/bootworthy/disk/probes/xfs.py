"""XFS.

Source: Linux, fs/xfs/libxfs/xfs_format.h (superblock), xfs_log_format.h and xfs_log_recover.c
(a log is clean when the last record before its head is one unmount operation).
"""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.disk.probes.area import Area, Found, text_of, uuid_of

_MAGIC = b"XFSB"
_BASIC_BLOCK = 512

_RECORD_MAGIC = 0xFEED_BABE
_HEADER_CYCLE = 32 << 10
_UNMOUNT = 0x20

# A record has at most 256 KiB of data and eight headers; the last one is not further back.
_MAX_RECORD_BLOCKS = 512 + 8


@dataclass(frozen=True)
class _Log:
    """The log inside an XFS: ``start`` in bytes, ``blocks`` of 512 bytes."""

    area: Area
    start: int
    blocks: int

    def block(self, number: int) -> bytes:
        return self.area.at(self.start + number * _BASIC_BLOCK, _BASIC_BLOCK)

    def cycle(self, number: int) -> int:
        """How often the log had gone round when a block was written."""
        block = self.block(number)
        word = int.from_bytes(block[:4], "big")
        return int.from_bytes(block[4:8], "big") if word == _RECORD_MAGIC else word


def probe(area: Area) -> Found | None:
    """An XFS; clean unless its log certainly holds something to replay."""
    if area.at(0, 4) != _MAGIC:
        return None
    return Found(
        kind="xfs",
        uuid=uuid_of(area.at(32, 16)),
        label=text_of(area.at(108, 12)),
        clean=_is_clean(area) is not False,
    )


def is_surely_clean(area: Area) -> bool:
    """Whether the log of an XFS certainly holds nothing to replay."""
    return _is_clean(area) is True


def _is_clean(area: Area) -> bool | None:
    """None where it cannot be told."""
    log = _log_of(area)
    head = None if log is None else _head(log)
    return None if log is None or head is None else _ends_with_unmount(log, head)


def _log_of(area: Area) -> _Log | None:
    """The log, or None when it is on another device or cannot be where the superblock says."""
    block_size, start, blocks = area.big(4, 4), area.big(48, 8), area.big(96, 4)
    group_blocks, group_bits = area.big(84, 4), area.big(124, 1)
    if not start or not blocks or group_bits > 32:  # noqa: PLR2004 - a group has 32-bit blocks
        return None
    group, within = start >> group_bits, start & ((1 << group_bits) - 1)
    offset = (group * group_blocks + within) * block_size
    if offset + blocks * block_size > area.size:
        return None
    return _Log(area, offset, blocks * block_size // _BASIC_BLOCK)


def _head(log: _Log) -> int | None:
    """The block behind the last one written: where the cycle falls back. None when it is not clear.

    Blocks up to there have the newest cycle, those behind it the one before, or never had any.
    """
    newest = log.cycle(0)
    if newest == 0 or log.cycle(log.blocks - 1) == newest:
        return None
    low, high = 0, log.blocks - 1
    while low + 1 < high:
        middle = (low + high) // 2
        if log.cycle(middle) == newest:
            low = middle
        else:
            high = middle
    return high


def _ends_with_unmount(log: _Log, head: int) -> bool | None:
    for back in range(1, min(_MAX_RECORD_BLOCKS, head) + 1):
        header = log.block(head - back)
        if int.from_bytes(header[:4], "big") == _RECORD_MAGIC:
            return _is_unmount(log, head - back, header, head)
    # The last record began before the log's end came round: too rare to judge.
    return None


def _is_unmount(log: _Log, place: int, header: bytes, head: int) -> bool:
    # xlog_rec_header: version at 8, data length at 12, number of operations at 40, and at 300 the
    # size of the log's buffers, which takes one header for each 32 KiB.
    length, operations = (int.from_bytes(header[o : o + 4], "big") for o in (12, 40))
    version, buffer = (int.from_bytes(header[o : o + 4], "big") for o in (8, 300))
    headers = max(-(-buffer // _HEADER_CYCLE), 1) if version & 2 else 1
    if operations != 1 or place + headers + -(-length // _BASIC_BLOCK) != head:
        return False
    # xlog_op_header: transaction, length, client, flags.
    return bool(log.block(place + headers)[9] & _UNMOUNT)
