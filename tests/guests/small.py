"""Images of a few MiB for bad and odd input, each made in a fraction of a second."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.guests.disk import MIB, SECTOR, make_empty, make_ext4, partition, write_at
from tests.guests.foreign import luks2_header, ntfs_start
from tests.guests.tree import link, put

Maker = Callable[[Path], Path]
"""Writes an image at a path and returns the path."""

KERNEL = "6.1.0-18-amd64"
_FIRST = MIB
_SIZE = 8 * MIB
_UUID = "{:08d}-1111-4222-8333-444444444444"
_LINUX_TYPE = "83"
_NTFS_TYPE = "7"

_OS_RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
"""

_ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
installer:x:1000:1000:Installer,,,:/home/installer:/bin/bash
"""

_HASHES = """\
root:$y$j9T$aaaaaaaaaaaaaaaaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb:19700:0:99999:7:::
daemon:*:19700:0:99999:7:::
installer:!:19700:0:99999:7:::
"""

_DPKG_STATUS = f"""\
Package: linux-image-{KERNEL}
Status: install ok installed
Architecture: amd64
Version: 6.1.76-1
Description: Linux 6.1 for 64-bit PCs

Package: systemd
Status: install ok installed
Architecture: amd64
Version: 252.22-1~deb12u1
Description: system and service manager
"""

_GRUB_CFG = f"""\
set timeout=5
menuentry 'Debian GNU/Linux' --class debian {{
\tlinux\t/boot/vmlinuz-{KERNEL} root=UUID={_UUID.format(1)} ro quiet
\tinitrd\t/boot/initrd.img-{KERNEL}
}}
"""


def linux_files() -> dict[str, str | bytes]:
    """The files of a minimal, unbootable Debian: enough to be inspected."""
    return {
        "etc/os-release": _OS_RELEASE,
        "etc/debian_version": "12.5\n",
        "etc/hostname": "web01\n",
        "etc/fstab": f"UUID={_UUID.format(1)} / ext4 errors=remount-ro 0 1\n",
        "etc/passwd": _ACCOUNTS,
        "etc/shadow": _HASHES,
        "etc/default/grub": 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
        "var/lib/dpkg/status": _DPKG_STATUS,
        "boot/grub/grub.cfg": _GRUB_CFG,
        f"boot/vmlinuz-{KERNEL}": _kernel(),
        f"boot/initrd.img-{KERNEL}": _empty_cpio(),
        f"boot/config-{KERNEL}": "CONFIG_HYPERV=m\nCONFIG_HYPERV_STORAGE=m\n",
        f"usr/lib/modules/{KERNEL}/modules.dep": "kernel/drivers/hv/hv_vmbus.ko:\n",
        f"usr/lib/modules/{KERNEL}/modules.builtin": "kernel/fs/ext4/ext4.ko\n",
        f"usr/lib/modules/{KERNEL}/kernel/drivers/hv/hv_vmbus.ko": b"\x7fELF",
    }


def one_linux(
    image: Path,
    extra: Mapping[str, str | bytes] | None = None,
    links: Mapping[str, str] | None = None,
) -> Path:
    """MBR with one ext4 partition that holds a minimal Debian, and the caller's files and links.

    A link takes the place of the file or directory of its name.
    """
    _table(image, _LINUX_TYPE)
    _fill(image, 1, {**linux_files(), **(extra or {})}, links or {})
    return image


def two_linuxes(image: Path) -> Path:
    """MBR with two partitions, each with a root file system of its own."""
    _table(image, _LINUX_TYPE, _LINUX_TYPE)
    _fill(image, 1, linux_files())
    _fill(image, 2, {**linux_files(), "etc/hostname": "web02\n"})
    return image


def no_linux(image: Path) -> Path:
    """MBR with one ext4 partition that holds data and no operating system."""
    _table(image, _LINUX_TYPE)
    _fill(image, 1, {"backup/2024-03-05.sql": "INSERT INTO customers VALUES (1);\n"})
    return image


def luks(image: Path) -> Path:
    """MBR with one partition that starts with a LUKS2 header nobody has a key for."""
    _table(image, _LINUX_TYPE)
    write_at(image, _FIRST, luks2_header(_UUID.format(9)))
    return image


def ntfs(image: Path) -> Path:
    """MBR with one partition whose boot sector and first records are NTFS's."""
    _table(image, _NTFS_TYPE)
    write_at(image, _FIRST, ntfs_start(_SIZE))
    return image


def empty_table(image: Path) -> Path:
    """A GPT without a partition."""
    make_empty(image, _FIRST + _SIZE)
    partition(image, "label: gpt\n")
    return image


def no_table(image: Path) -> Path:
    """Nothing but zeros."""
    make_empty(image, _FIRST + _SIZE)
    return image


def whole_disk_ext4(image: Path) -> Path:
    """A minimal Debian on a disk without a partition table."""
    make_empty(image, _SIZE)
    _make_ext4(image, 0, 1, linux_files())
    return image


def _table(image: Path, *types: str) -> None:
    make_empty(image, _FIRST + _SIZE * len(types))
    lines = [
        f"start={(_FIRST + index * _SIZE) // SECTOR}, size={_SIZE // SECTOR}, type={kind}"
        for index, kind in enumerate(types)
    ]
    partition(image, "\n".join(["label: dos", "label-id: 0x51a11", *lines, ""]))


_NONE: Mapping[str, str] = {}


def _fill(
    image: Path, number: int, files: Mapping[str, str | bytes], links: Mapping[str, str] = _NONE
) -> None:
    _make_ext4(image, _FIRST + (number - 1) * _SIZE, number, files, links)


def _make_ext4(
    image: Path,
    offset: int,
    number: int,
    files: Mapping[str, str | bytes],
    links: Mapping[str, str] = _NONE,
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        for name, content in files.items():
            put(tree, name, content)
        if "etc/os-release" in files:
            link(tree, "lib", "usr/lib")
        for name, target in links.items():
            _replace_by_link(tree, name, target)
        make_ext4(image, offset=offset, size=_SIZE, tree=tree, uuid=_UUID.format(number))


def _replace_by_link(tree: Path, name: str, target: str) -> None:
    place = tree / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    link(tree, name, target)


def _kernel() -> bytes:
    """A file that says of itself what Linux's boot protocol says: "HdrS" at 0x202."""
    kernel = bytearray(1024)
    kernel[0x1FE:0x200] = b"\x55\xaa"
    kernel[0x202:0x206] = b"HdrS"
    return bytes(kernel)


def _empty_cpio() -> bytes:
    """A newc archive that ends at once (cpio(5): 13 hexadecimal fields, then the name)."""
    fields = [0] * 13
    fields[4] = 1  # links
    fields[11] = len(b"TRAILER!!!\0")
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    entry = header + b"TRAILER!!!\0"
    return entry.ljust(512, b"\0")
