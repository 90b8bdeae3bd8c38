"""Whether the places that a table names in host files can be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bootworthy.disk.extents import Ints, Kind, Rows

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile


def refuse_shared(file: HostFile, rows: Rows) -> None:
    """Make sure that no two places of the disk take their bytes from one place of a host file.

    No tool shares blocks within one image, but a few bytes could claim to be terabytes.

    Raises:
        ImageError: ``image-corrupt``.
    """
    stored = rows[(rows["kind"] == Kind.DATA) | (rows["kind"] == Kind.ENCODED)]
    length = np.where(stored["kind"] == Kind.DATA, stored["length"], 1)
    order = np.lexsort((stored["host"], stored["file"]))
    begin, end, number = stored["host"][order], (stored["host"] + length)[order], stored["file"]
    number = number[order]
    if np.any((begin[1:] < end[:-1]) & (number[1:] == number[:-1])):
        file.corrupt("two places of the disk share one place of the file")


def refuse_overlap(file: HostFile, starts: Ints, lengths: Ints) -> None:
    """Make sure that areas of a file, tables and blocks, do not overlap.

    Raises:
        ImageError: ``image-corrupt``.
    """
    order = np.argsort(starts, kind="stable")
    starts, lengths = starts[order], lengths[order]
    if np.any(starts[1:] < starts[:-1] + lengths[:-1]):
        file.corrupt("two of its blocks, or a block and a table, are in one place")


def refuse_beyond(file: HostFile, rows: Rows, what: str = "data") -> None:
    """Make sure that all DATA, and the first byte of each ENCODED unit, is in ``file``.

    Raises:
        ImageError: ``image-truncated``.
    """
    length = np.where(rows["kind"] == Kind.DATA, rows["length"], rows["kind"] == Kind.ENCODED)
    end = int((rows["host"] + length).max(initial=0))
    if end > file.size:
        file.truncated(end, what)
