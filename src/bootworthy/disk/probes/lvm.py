"""LVM physical volumes.

Source: LVM2, lib/format_text/layout.h and lib/label/label.h.
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found

_LABEL_SECTORS = range(4)
_SECTOR = 512
_GROUPS = (6, 4, 4, 4, 4, 4, 6)

# struct pv_header: the identifier, the size of the device, then two lists of places.
_LISTS = 32 + 8
_PLACE = 16


def probe(area: Area) -> Found | None:
    """A physical volume, labelled in one of its first four sectors."""
    header = _header(area)
    return None if header is None else Found(kind="LVM2_member", uuid=_grouped(header[:32]))


def metadata_areas(area: Area) -> tuple[int, ...]:
    """Where the physical volume says its group's metadata are, in bytes from its start."""
    header = _header(area) or b""
    found: tuple[list[int], list[int]] = ([], [])
    which = 0
    for at in range(_LISTS, len(header) - _PLACE + 1, _PLACE):
        offset = int.from_bytes(header[at : at + 8], "little")
        # Each list ends with a place of zeros; the first one is of data.
        if not offset and which:
            break
        if offset:
            found[which].append(offset)
        else:
            which = 1
    return tuple(found[1])


def _header(area: Area) -> bytes | None:
    """What follows the label, to the end of its sector."""
    for number in _LABEL_SECTORS:
        label = area.at(number * _SECTOR, _SECTOR)
        if label.startswith(b"LABELONE") and label[24:32] == b"LVM2 001":
            return label[int.from_bytes(label[20:24], "little") :]
    return None


def _grouped(raw: bytes) -> str:
    """An LVM identifier the way LVM prints it."""
    text = raw.decode("ascii", "replace")
    parts = []
    for length in _GROUPS:
        parts.append(text[:length])
        text = text[length:]
    return "-".join(parts)
