"""The formats that can be written, and the one a file name asks for."""

from __future__ import annotations

from pathlib import PurePath

from bootworthy.disk.writers.raw import RawWriter
from bootworthy.disk.writers.vhd import FixedVhdWriter
from bootworthy.disk.writers.vhd_dynamic import DynamicVhdWriter
from bootworthy.disk.writers.writer import Writer
from bootworthy.model.errors import UsageError

_WRITERS: tuple[type[Writer], ...] = (FixedVhdWriter, DynamicVhdWriter, RawWriter)

NAMES = tuple(writer.name for writer in _WRITERS)

_BY_SUFFIX: dict[str, type[Writer]] = {".vhd": FixedVhdWriter, ".raw": RawWriter, ".img": RawWriter}


def writer_for(name: str | None, output: str) -> type[Writer]:
    """The writer called ``name``, or else the one the ending of ``output`` means.

    Raises:
        UsageError: ``format-unknown``, for another name; ``output-format-unclear``, for an ending
            that means nothing, or a format that is not written.
    """
    if name is not None:
        return _named(name)
    suffix = PurePath(output).suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise UsageError(
            "output-format-unclear",
            f"{output}: no format is written to files that end in {suffix or 'nothing'!r}",
            hint=f"end the name in .vhd, or say --to {', '.join(NAMES)}",
        )
    return _BY_SUFFIX[suffix]


def _named(name: str) -> type[Writer]:
    for writer in _WRITERS:
        if writer.name == name:
            return writer
    raise UsageError(
        "format-unknown", f"no format {name!r} is written", hint=f"use {', '.join(NAMES)}"
    )
