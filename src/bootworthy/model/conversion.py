"""What a conversion, an edit in place or a resize did, as data for reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """One disk image written or changed; sizes are bytes, ``seconds`` is wall time.

    ``data_bytes`` are all that the source stores, ``decoded_bytes`` those of them that were
    compressed, ``written_bytes`` those that went to the output other than as holes; ``method``
    moved what was not compressed. ``resumed_from`` is where a continued conversion began.
    ``changes`` say what is not as in the source, ``undo`` how to take back an edit in place.
    """

    command: str
    source: str
    source_format: str
    source_size: int
    output: str
    output_format: str
    virtual_size: int
    file_size: int
    seconds: float
    data_bytes: int = 0
    decoded_bytes: int = 0
    written_bytes: int = 0
    method: str = ""
    resumed_from: int = 0
    verified: bool = False
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    undo: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data, with the version of its schema."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}
