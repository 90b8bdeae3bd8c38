"""How a transfer is done, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bootworthy.azure.page_blob import MAX_WRITE
from bootworthy.model.events import Observer, ignore

MAX_CONNECTIONS = 64


@dataclass(frozen=True, kw_only=True)
class TransferOptions:
    """How bytes travel.

    ``connections`` is how many requests run at once at most. ``limit_rate`` is in bytes a second,
    None for as fast as it goes. ``timeout`` is for one request and ``give_up_after`` for all
    together without any success, in seconds. ``md5`` has the service check each range. ``journal``
    replaces the place where the record of a transfer is kept. ``skip_free`` leaves out blocks that
    the image's file systems do not use.
    """

    force: bool = False
    resume: bool = False
    verify: bool = False
    md5: bool = False
    connections: int = 8
    limit_rate: int | None = None
    timeout: float = 60.0
    give_up_after: float = 900.0
    window: int = MAX_WRITE
    skip_free: bool = True
    journal: Path | None = None
    observer: Observer = ignore


@dataclass(frozen=True, kw_only=True)
class TransferResult:
    """What a transfer did: sizes are bytes.

    ``size`` is that of the VHD. ``moved`` travelled in this run in ``requests`` requests,
    ``retries`` of them again; ``resumed`` had arrived before. ``free`` are unused blocks of file
    systems that were left out.
    """

    target: str
    size: int
    moved: int
    requests: int
    retries: int
    resumed: int
    free: int
    seconds: float
    verified: bool
