"""The sizes Azure takes, told before anything is sent."""

from __future__ import annotations

from bootworthy.azure.page_blob import MAX_BLOB
from bootworthy.disk.footer import FOOTER_SIZE
from bootworthy.disk.sizes import GIB, MAX_OS_DISK, MAX_UPLOAD_DISK, MIB, MIN_DISK
from bootworthy.model.errors import UsageError


def refuse_sizes(disk_size: int, *, managed: bool) -> None:
    """Refuse a disk that Azure would refuse, by its size in bytes.

    A page blob may be a data disk, so only what no disk may be is refused here.

    Raises:
        UsageError: ``azure-disk-size``.
    """
    most = MAX_UPLOAD_DISK if managed else MAX_BLOB - FOOTER_SIZE
    if disk_size > most:
        words = f"{most // GIB} GiB"
        raise UsageError(
            "azure-disk-size",
            f"the disk has {disk_size} bytes; Azure takes up to {words} here",
            hint="make the disk smaller",
        )
    if managed and disk_size < MIN_DISK:
        raise UsageError(
            "azure-disk-size",
            f"the disk has {disk_size} bytes; a managed disk has at least {MIN_DISK // MIB} MiB",
            hint="make the disk larger: qemu-img resize",
        )


def refuse_os_size(disk_size: int) -> None:
    """Refuse a disk that no machine could start from.

    Raises:
        UsageError: ``azure-disk-size``.
    """
    if disk_size > MAX_OS_DISK:
        raise UsageError(
            "azure-disk-size",
            f"the disk has {disk_size} bytes; an OS disk has up to {MAX_OS_DISK // GIB} GiB",
            hint="make the disk smaller",
        )
