"""ISO 9660.

Source: ECMA-119, 8.4 (primary volume descriptor); the UUID made of a date is blkid's.
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found, text_of

_DESCRIPTOR = 32 << 10
_MAGIC = b"\x01CD001"
_LABEL = 40
_CREATED, _MODIFIED = 813, 830


def probe(area: Area) -> Found | None:
    """An ISO 9660 file system, which is never dirty."""
    if area.at(_DESCRIPTOR, 6) != _MAGIC:
        return None
    return Found(
        kind="iso9660",
        uuid=_date(area, _MODIFIED) or _date(area, _CREATED),
        label=text_of(area.at(_DESCRIPTOR + _LABEL, 32)),
    )


def _date(area: Area, offset: int) -> str:
    digits = area.at(_DESCRIPTOR + offset, 16)
    if not digits.isdigit() or digits == b"0" * 16:
        return ""
    text = digits.decode("ascii")
    return "-".join((text[:4], *(text[start : start + 2] for start in range(4, 16, 2))))
