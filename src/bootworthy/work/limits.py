"""How large a disk may be, by what it is for."""

from __future__ import annotations

from enum import StrEnum

from bootworthy.disk.sizes import ARTICLE_MAX_DISK, GIB, MAX_OS_DISK, MAX_UPLOAD_DISK
from bootworthy.disk.writers.vhd import FixedVhdWriter
from bootworthy.disk.writers.writer import Writer
from bootworthy.model.errors import ImageError
from bootworthy.model.quantities import human_size


class Target(StrEnum):
    """What the disk is for: the article's page blob (and the Marketplace), or a managed disk."""

    ARTICLE = "article"
    OS_DISK = "os-disk"
    DATA_DISK = "data-disk"


_LIMITS = {
    Target.ARTICLE: ARTICLE_MAX_DISK,
    Target.OS_DISK: MAX_OS_DISK,
    Target.DATA_DISK: MAX_UPLOAD_DISK,
}

_WORDS = {
    Target.ARTICLE: "a page blob or the Marketplace",
    Target.OS_DISK: "an OS disk",
    Target.DATA_DISK: "a data disk",
}


def limit_of(target: Target) -> int:
    """The largest disk Azure takes for this, in bytes."""
    return _LIMITS[target]


def refuse_over_limit(size: int, target: Target, writer: type[Writer]) -> None:
    """Refuse a disk that its format cannot hold, or that Azure would not take for ``target``.

    Raises:
        ImageError: ``image-too-large``.
    """
    if writer.max_size is not None and size > writer.max_size:
        _refuse(size, writer.max_size, f"a {writer.title}", "write a fixed VHD: --to vhd")
    if writer is FixedVhdWriter and size > _LIMITS[target]:
        larger = [other.value for other in Target if _LIMITS[other] >= size]
        hint = "shrink the file systems, the partitions and then the disk"
        if larger:
            hint += f", or convert it for another use: --target {larger[0]}"
        _refuse(size, _LIMITS[target], _WORDS[target], hint)


def _refuse(size: int, limit: int, what: str, hint: str) -> None:
    raise ImageError(
        "image-too-large",
        f"a disk of {human_size(size)} ({size} bytes) is too large for {what}: "
        f"at most {limit // GIB} GiB",
        hint=hint,
    )
