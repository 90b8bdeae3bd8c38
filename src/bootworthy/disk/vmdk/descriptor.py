"""The text that describes a VMDK: its extents and its parent.

Source: VMware, Virtual Disk Format 5.0, "Disk Descriptor File".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from bootworthy.disk.formats.vmdk import is_descriptor
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

_SETTING = re.compile(rb'\s*([\w.]+)\s*=\s*(?:"([^"]*)"|(\S*))\s*')
_EXTENT = re.compile(
    rb'\s*(RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+([A-Z]+)(?:\s+"([^"]*)"(?:\s+(\d{1,15}))?)?(?:\s.*)?',
)

# Ten thousand extents; a snapshot chain's text has some hundred bytes. qemu's limit is the same.
_MAX_BYTES = 1 << 20

# 8 TiB in parts of 2 GiB.
_MAX_EXTENTS = 4096

_NO_PARENT = 0xFFFF_FFFF
_UNREADABLE = {
    b"SESPARSE": "a space-efficient sparse extent of vSphere",
    b"VMFSRDM": "a raw device mapping",
    b"VMFSRAW": "a raw device mapping",
}
_READABLE = frozenset({b"SPARSE", b"VMFSSPARSE", b"FLAT", b"VMFS", b"ZERO"})
_ESXI = "export it as OVA, or clone it with vmkfstools -i DISK.vmdk -d thin OUT.vmdk"


@dataclass(frozen=True)
class DescribedExtent:
    """A part of the disk: ``size`` bytes of ``kind`` in the file ``name``.

    ``offset`` in bytes is where a flat part begins in its file.
    """

    kind: bytes
    size: int
    name: bytes
    offset: int

    @property
    def is_sparse(self) -> bool:
        """Whether the file has a header and grain tables."""
        return self.kind in (b"SPARSE", b"VMFSSPARSE")


@dataclass(frozen=True)
class Descriptor:
    """What the text says; ``parent`` is the parent's name as stored, None where there is none.

    ``content_id`` changes whenever the disk is written to, 0 where it is not given;
    ``parent_content_id`` is what the parent's was when the snapshot was taken.
    """

    create_type: str
    content_id: int
    parent_content_id: int
    parent: bytes | None
    extents: tuple[DescribedExtent, ...]


def read(file: HostFile, offset: int, size: int) -> Descriptor:
    """Read the descriptor in ``size`` bytes at ``offset``.

    Raises:
        ImageError: it is damaged, too long, encrypted, or describes what is not read.
    """
    if size > _MAX_BYTES:
        file.corrupt(f"its descriptor would have {size} bytes")
    text = file.pread_exact(offset, size, "descriptor").partition(b"\0")[0]
    if not is_descriptor(text):
        file.corrupt("its descriptor does not begin as one")
    settings: dict[bytes, bytes] = {}
    extents: list[DescribedExtent] = []
    for line in text.splitlines():
        setting = _SETTING.fullmatch(line)
        if setting:
            settings.setdefault(setting[1].lower(), setting[2] or setting[3] or b"")
        elif re.match(rb"\s*(?:RW|RDONLY|NOACCESS)\b", line):
            extents.append(_extent(file, line))
    if len(extents) > _MAX_EXTENTS:
        _too_many(file)
    _refuse_encrypted(file, settings)
    return _descriptor(file, settings, tuple(extents))


def _extent(file: HostFile, line: bytes) -> DescribedExtent:
    parts = _EXTENT.fullmatch(line)
    if parts is None:
        file.corrupt(f"its descriptor has the extent {_shown(line)}")
    access, sectors, kind, name, offset = parts.groups(b"")
    if kind in _UNREADABLE:
        _unsupported(file, _UNREADABLE[kind])
    if access == b"NOACCESS" or kind not in _READABLE:
        _unsupported(file, f"an extent {_shown(access + b' ' + kind)}")
    if not name and kind != b"ZERO":
        file.corrupt("its descriptor does not name the file of an extent")
    return DescribedExtent(kind, int(sectors) * 512, name, int(offset or 0) * 512)


def _descriptor(
    file: HostFile, settings: dict[bytes, bytes], extents: tuple[DescribedExtent, ...]
) -> Descriptor:
    parent_id = _content_id(file, settings, b"parentcid", _NO_PARENT)
    parent = None if parent_id == _NO_PARENT else settings.get(b"parentfilenamehint", b"")
    if parent == b"":
        file.corrupt("it is a snapshot that does not name its parent")
    return Descriptor(
        create_type=settings.get(b"createtype", b"").decode("ascii", "replace"),
        content_id=_content_id(file, settings, b"cid", 0),
        parent_content_id=parent_id,
        parent=parent,
        extents=extents,
    )


def _content_id(file: HostFile, settings: dict[bytes, bytes], key: bytes, missing: int) -> int:
    value = settings.get(key)
    if value is None:
        return missing
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", value):
        file.corrupt(f"its descriptor has the content id {_shown(value)}")
    return int(value, 16)


def _refuse_encrypted(file: HostFile, settings: dict[bytes, bytes]) -> None:
    filters = settings.get(b"ddb.iofilters", b"").lower()
    if b"vmwarevmcrypt" in filters or any(key.startswith(b"encryption.") for key in settings):
        raise ImageError(
            "image-encrypted",
            f"{file.path} is encrypted",
            hint="decrypt the machine in vSphere or Workstation first",
        )


def _shown(value: bytes) -> str:
    return repr(value[:80].decode("utf-8", "replace"))


def _unsupported(file: HostFile, what: str) -> NoReturn:
    raise ImageError("image-format-unsupported", f"{file.path} is {what}, not read", hint=_ESXI)


def _too_many(file: HostFile) -> NoReturn:
    raise ImageError(
        "image-too-complex",
        f"{file.path} is split into more than {_MAX_EXTENTS} files",
        hint="make one file of it: vmware-vdiskmanager -r DISK.vmdk -t 0 OUT.vmdk",
    )
