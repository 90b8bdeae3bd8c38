"""squashfs 4.

Source: Linux, fs/squashfs/squashfs_fs.h.
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found


def probe(area: Area) -> Found | None:
    """A squashfs, which has no name and is never dirty."""
    if area.at(0, 4) != b"hsqs" or area.little(28, 2) != 4:  # noqa: PLR2004 - major version
        return None
    return Found(kind="squashfs")
