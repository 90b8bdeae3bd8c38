"""The initramfs is compressed in a way that its kernel cannot unpack."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# usr/Kconfig of the kernel: one option for each.
_OPTIONS = {
    "gzip": "RD_GZIP",
    "bzip2": "RD_BZIP2",
    "lzma": "RD_LZMA",
    "xz": "RD_XZ",
    "lzo": "RD_LZO",
    "lz4": "RD_LZ4",
    "zstd": "RD_ZSTD",
}


@rule(
    code="INIT-14",
    name="initramfs-compression-unknown",
    severity=Severity.ERROR,
    why="The kernel says that the compression method is not configured, and panics without a root.",
    when=(with_kernels,),
    sources=(
        "https://github.com/torvalds/linux/blob/master/init/initramfs.c",
        "https://github.com/torvalds/linux/blob/master/usr/Kconfig",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each segment's compression is one that the kernel's configuration, where known, has."""
    guest = subject.linux
    for kernel in guest.bootable_kernels:
        if kernel.initramfs and (missing := _missing(guest, kernel, kernel.initramfs)):
            words = ", ".join(f"CONFIG_{_OPTIONS[name]}" for name in missing)
            yield Violation(
                message=f"kernel {kernel.release} cannot unpack its initramfs: no {words}",
                place=Place(kernel.initramfs),
                found=", ".join(missing),
                expected=f"a compression the kernel was built with, or {words}",
                fix=by_hand("set COMPRESS in initramfs.conf, or compress in dracut.conf; rebuild"),
            )


def _missing(guest: Guest, kernel: Kernel, path: str) -> tuple[str, ...]:
    # A configuration that names no method at all is not the whole one.
    if not any(option in kernel.config for option in _OPTIONS.values()):
        return ()
    used = dict.fromkeys(guest.initramfs(path).compression)
    known = (name for name in used if name in _OPTIONS)
    return tuple(name for name in known if kernel.config.get(_OPTIONS[name]) != "y")
