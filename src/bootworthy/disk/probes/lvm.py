"""LVM physical volumes.

Source: LVM2, lib/format_text/layout.h and lib/label/label.h.
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found

_LABEL_SECTORS = range(4)
_SECTOR = 512
_GROUPS = (6, 4, 4, 4, 4, 4, 6)


def probe(area: Area) -> Found | None:
    """A physical volume, labelled in one of its first four sectors."""
    for number in _LABEL_SECTORS:
        label = area.at(number * _SECTOR, _SECTOR)
        if label.startswith(b"LABELONE") and label[24:32] == b"LVM2 001":
            start = int.from_bytes(label[20:24], "little")
            return Found(kind="LVM2_member", uuid=_grouped(label[start : start + 32]))
    return None


def _grouped(raw: bytes) -> str:
    """An LVM identifier the way LVM prints it."""
    text = raw.decode("ascii", "replace")
    parts = []
    for length in _GROUPS:
        parts.append(text[:length])
        text = text[length:]
    return "-".join(parts)
