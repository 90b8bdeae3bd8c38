"""Sizes and times in the words people read them in."""

from __future__ import annotations

_STEP = 1024.0


def human_size(size: int) -> str:
    """Bytes in binary units: 21475270656 is ``20.0 GiB``."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < _STEP or unit == "TiB":
            break
        value /= _STEP
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def human_seconds(seconds: float) -> str:
    """Seconds as ``0.4 s``, ``75 s`` or ``3 min 20 s``."""
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a tenth matters
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"  # noqa: PLR2004


def plural(count: int, noun: str) -> str:
    """``1 error``, ``2 errors``; nouns that end in y get ies."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"
