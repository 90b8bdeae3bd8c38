"""Linux swap, in use or with the image of a hibernated machine.

Source: Linux, include/linux/swap.h (union swap_header), kernel/power/swap.c; other suspenders'
words: util-linux, libblkid/src/superblocks/swap.c.
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found, text_of, uuid_of

_PAGE_SIZES = (4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10)
_SIGNATURE_SIZE = 10
_SWAP = b"SWAPSPACE2"
_SUSPENDED = (b"S1SUSPEND\0", b"S2SUSPEND\0", b"ULSUSPEND\0", b"LINHIB0001")

_UUID = 1024 + 12
_LABEL = 1024 + 28


def probe(area: Area) -> Found | None:
    """Swap space; ``swsuspend`` and not clean when a hibernated machine is in it."""
    signature = _signed(area)[1]
    if signature == _SWAP:
        return _found(area, "swap", clean=True)
    return _found(area, "swsuspend", clean=False) if signature else None


def page_size(area: Area) -> int | None:
    """The size in bytes of the pages of swap space that is not suspended to, None without."""
    page, signature = _signed(area)
    return page if signature == _SWAP else None


def _signed(area: Area) -> tuple[int, bytes]:
    """The size of the pages, and the signature at the end of the first; empty without one."""
    for page in _PAGE_SIZES:
        signature = area.at(page - _SIGNATURE_SIZE, _SIGNATURE_SIZE)
        if signature == _SWAP or signature in _SUSPENDED:
            return page, signature
    return 0, b""


def _found(area: Area, kind: str, *, clean: bool) -> Found:
    uuid, label = uuid_of(area.at(_UUID, 16)), text_of(area.at(_LABEL, 16))
    return Found(kind=kind, uuid=uuid, label=label, clean=clean)
