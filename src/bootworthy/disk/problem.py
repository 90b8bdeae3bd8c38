"""Something wrong with an on-disk structure, as a value that rules can act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """The stable words for what can be wrong with a partition table or a VHD footer."""

    OVERLAP = "partitions-overlap"
    BEYOND_END = "partition-beyond-end"
    REVERSED = "partition-ends-before-start"
    OVER_TABLE = "partition-over-table"
    HYBRID_MBR = "hybrid-mbr"
    PROTECTIVE_MISSING = "protective-mbr-missing"
    PROTECTIVE_SIZE = "protective-mbr-size"
    GPT_LEFTOVER = "gpt-leftover"
    GPT_UNREADABLE = "gpt-unreadable"
    GPT_PRIMARY_MISSING = "gpt-primary-missing"
    GPT_PRIMARY_DAMAGED = "gpt-primary-damaged"
    GPT_BACKUP_MISSING = "gpt-backup-missing"
    GPT_BACKUP_DAMAGED = "gpt-backup-damaged"
    GPT_BACKUP_NOT_AT_END = "gpt-backup-not-at-end"
    GPT_COPIES_DIFFER = "gpt-copies-differ"
    GPT_LARGE_SECTORS = "gpt-4096-byte-sectors"
    LOGICAL_CHAIN = "logical-chain-broken"
    FOOTER_CHECKSUM = "footer-checksum"
    FOOTER_FIELD = "footer-field"
    FOOTER_SIZE = "footer-size"
    FOOTER_GEOMETRY = "footer-geometry-size"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: a stable word, a sentence for people, and the partition it concerns."""

    kind: ProblemKind
    text: str
    partition: int | None = None
