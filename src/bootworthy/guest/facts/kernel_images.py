"""Kernel images in /boot and the initramfs that belongs to each."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bootworthy.guest.tree import Tree

# vmlinuz: most; Image: SUSE on Arm64; vmlinux: uncompressed; kernel: Gentoo's genkernel.
_IMAGE = re.compile(r"(?:vmlinuz|vmlinux|Image|zImage|bzImage|kernel(?:-genkernel)?)-(.+)")

# What package managers and people leave behind, what Red Hat calls a rescue kernel (a copy of
# another), and the checksums that FIPS mode wants.
_NO_IMAGE = re.compile(
    r".*(?:\.(?:old|bak|orig|hmac|sig|sha512hmac|efi\.signed|rpm(?:save|new|orig)|dpkg-.*)|~)$"
    r"|.*-0-rescue-.*"
)

# The names that generators give their images, {suffix} being what follows ``vmlinuz-``.
_INITRAMFS = (
    "initrd.img-{suffix}",  # initramfs-tools
    "initramfs-{suffix}.img",  # dracut of Red Hat, mkinitcpio
    "initrd-{suffix}",  # dracut of SUSE
    "initramfs-{suffix}",  # mkinitfs
    "initrd-{suffix}.img",  # Red Hat's mkinitrd
    "booster-{suffix}.img",
)

# Documentation/arch/x86/boot.rst: magic at 0x202, offset of the version string less 0x200.
_SETUP_MAGIC = slice(0x202, 0x206)
_VERSION_POINTER = slice(0x20E, 0x210)
_VERSION_LENGTH = 256


@dataclass(frozen=True)
class KernelImage:
    """A kernel image: its path with links followed, and what its name says after ``vmlinuz-``."""

    path: str
    suffix: str


def find(tree: Tree, directories: Mapping[str, str]) -> dict[str, KernelImage]:
    """The images of /boot by kernel release, and those that stand by their modules alone.

    ``directories`` maps the releases with modules to their directory. An image whose name holds
    no release known (``vmlinuz-linux``) says its own in its header.
    """
    found: dict[str, KernelImage] = {}
    unnamed: list[KernelImage] = []
    for image in _boot_images(tree):
        if image.suffix in directories:
            found.setdefault(image.suffix, image)
        else:
            unnamed.append(image)
    for image in unnamed:
        found.setdefault(_release(tree, image, directories), image)
    for release, directory in directories.items():
        beside = f"{directory}/vmlinuz"
        if release not in found and tree.is_file(beside):
            found[release] = KernelImage(tree.resolve(beside), release)
    return found


def _boot_images(tree: Tree) -> Iterator[KernelImage]:
    for name in tree.names("/boot"):
        path = posixpath.join("/boot", name)
        named = _IMAGE.fullmatch(name)
        if named and not _NO_IMAGE.match(name) and tree.is_file(path):
            yield KernelImage(tree.resolve(path), named[1])


def initramfs(tree: Tree, release: str, image: KernelImage | None) -> str | None:
    """The initramfs of a kernel by its name, links followed; None when there is none."""
    suffixes = dict.fromkeys((release, image.suffix if image else release))
    names = (name.format(suffix=suffix) for suffix in suffixes for name in _INITRAMFS)
    paths = (posixpath.join("/boot", name) for name in names)
    return next((tree.resolve(path) for path in paths if tree.is_file(path)), None)


def head(tree: Tree, path: str, size: int, offset: int = 0) -> bytes:
    """Up to ``size`` bytes of a file at ``offset``; empty when there is no such file."""
    try:
        return tree.pread_at(tree.resolve(path), size, offset)
    except OSError:
        return b""


def _release(tree: Tree, image: KernelImage, directories: Mapping[str, str]) -> str:
    own = _own_release(tree, image.path)
    # Arch's vmlinuz-linux belongs to the modules beside the word linux in pkgbase.
    for release, directory in directories.items():
        if not own and tree.text_or(f"{directory}/pkgbase").strip() == image.suffix:
            own = release
    # Alpine's vmlinuz-lts belongs to the modules of 6.6.4-0-lts.
    flavours = [release for release in directories if release.endswith(f"-{image.suffix}")]
    return own or (flavours[0] if len(flavours) == 1 else image.suffix)


def _own_release(tree: Tree, path: str) -> str:
    """The release in the header of an x86 kernel image, empty for others."""
    setup = head(tree, path, 0x210)
    if setup[_SETUP_MAGIC] != b"HdrS":
        return ""
    pointer = int.from_bytes(setup[_VERSION_POINTER], "little")
    text = head(tree, path, _VERSION_LENGTH, 0x200 + pointer) if pointer else b""
    words = text.split(b"\0", 1)[0].decode("ascii", "replace").split()
    return words[0] if words and words[0][0].isdigit() else ""
