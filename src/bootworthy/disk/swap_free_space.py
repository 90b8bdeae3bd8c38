"""Pages of swap space, all of which are nobody's when the machine is off.

Nothing of them is read again unless the machine was hibernated, which has a signature of its own.
They may hold what was in its memory, secrets included.

Source: Linux, include/linux/swap.h (union swap_header), mm/swapfile.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.probes import swap
from bootworthy.disk.probes.area import Area
from bootworthy.disk.sizes import KIB
from bootworthy.disk.vhd_stream import Span

# The largest page there is: the header ends where pages do, of the size that they have there.
_FIRST = 64 * KIB

_VERSION = 1024
_LAST_PAGE = 1028


def free_spans(area: Area) -> Iterator[Span]:
    """The span (start, end), in bytes of the area, of all pages behind the header.

    Raises:
        ImageError: the image cannot be read.
    """
    page = swap.page_size(area)
    if page is None or area.little(_VERSION, 4) != 1:
        return
    end = (area.little(_LAST_PAGE, 4) + 1) * page
    if _FIRST < end <= area.size:
        yield _FIRST, end
