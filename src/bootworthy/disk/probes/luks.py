"""LUKS, versions 1 and 2.

Source: LUKS On-Disk Format Specification 1.2.3; LUKS2 On-Disk Format Specification 1.0.0.
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found, text_of

_MAGIC = b"LUKS\xba\xbe"


def probe(area: Area) -> Found | None:
    """An encrypted volume."""
    version = area.big(6, 2)
    if area.at(0, 6) != _MAGIC or version not in (1, 2):
        return None
    label = text_of(area.at(24, 48)) if version == 2 else ""  # noqa: PLR2004 - a version number
    return Found(kind="crypto_LUKS", uuid=text_of(area.at(168, 40)), label=label)
