"""What is mounted at boot: fstab(5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.image import FileSystem, Partition

PATH = "/etc/fstab"


@dataclass(frozen=True, kw_only=True)
class FstabEntry:
    """One entry; ``line`` is 1-based, octal escapes are decoded."""

    line: int
    spec: str
    mount_point: str
    type: str
    options: tuple[str, ...]
    dump: int = 0
    fsck_order: int = 0

    @property
    def is_swap(self) -> bool:
        """Whether it is swap space."""
        return self.type == "swap"

    def has(self, option: str) -> bool:
        """Whether an option is set, by whole word or as ``option=...``."""
        return any(word == option or word.startswith(option + "=") for word in self.options)


@dataclass(frozen=True, kw_only=True)
class BadLine:
    """A line that fstab(5) does not allow."""

    line: int
    text: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class Fstab:
    """The table: entries that parse and lines that do not."""

    entries: tuple[FstabEntry, ...] = ()
    bad: tuple[BadLine, ...] = ()

    @property
    def swap(self) -> tuple[FstabEntry, ...]:
        """Entries of swap space."""
        return tuple(entry for entry in self.entries if entry.is_swap)


# fstab(5): what stands for itself in no field.
_ESCAPE = re.compile(r"\\(040|011|012|134|043)")

# Four fields say everything, two more have defaults (fstab(5)).
_FIELDS = range(4, 7)

# What a line shows of itself in a report.
_SHOWN = 200


def parse(text: str) -> Fstab:
    """The table in ``text``."""
    entries: list[FstabEntry] = []
    bad: list[BadLine] = []
    for number, line in enumerate(text.split("\n"), 1):
        fields = re.split(r"[ \t\r]+", line.strip(" \t\r"))
        if fields == [""] or fields[0].startswith("#"):
            continue
        if problem := _problem(fields):
            bad.append(BadLine(line=number, text=line.strip()[:_SHOWN], problem=problem))
        else:
            entries.append(_entry(number, [_ESCAPE.sub(_decode, field) for field in fields]))
    return Fstab(entries=tuple(entries), bad=tuple(bad))


def _problem(fields: list[str]) -> str:
    if any("\0" in field for field in fields):
        return "a NUL byte: this is not text"
    # libmount ends the line at a comment behind the fields, and so do we.
    if comment := next((i for i, field in enumerate(fields) if field.startswith("#")), None):
        del fields[comment:]
    if len(fields) not in _FIELDS:
        return f"{len(fields)} fields where fstab(5) has 4 to 6"
    if any(not re.fullmatch(r"[0-9]{1,9}", field, re.ASCII) for field in fields[4:]):
        return "the fifth and sixth field must be numbers"
    if fields[2] != "swap" and not fields[1].startswith("/") and fields[1] != "none":
        return f"the mount point {fields[1]!r} is not an absolute path"
    return ""


def _entry(number: int, fields: list[str]) -> FstabEntry:
    dump, order = (int(field) for field in [*fields[4:], "0", "0"][:2])
    return FstabEntry(
        line=number,
        spec=_unquoted(fields[0]),
        mount_point=fields[1],
        type=fields[2],
        options=tuple(fields[3].split(",")),
        dump=dump,
        fsck_order=order,
    )


def _decode(match: re.Match[str]) -> str:
    return chr(int(match[1], 8))


def _unquoted(spec: str) -> str:
    # UUID="..." is allowed (libblkid, blkid_parse_tag_string).
    tag, equals, value = spec.partition("=")
    if equals and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return f"{tag}={value[1:-1]}"
    return spec


def read(tree: Tree) -> Fstab:
    """The guest's fstab; empty when it has none."""
    try:
        return parse(read_configuration(tree, PATH) or "")
    except GuestError as error:
        return Fstab(bad=(BadLine(line=1, text="", problem=error.message),))


def find(
    spec: str, file_systems: tuple[FileSystem, ...], partitions: tuple[Partition, ...]
) -> FileSystem | None:
    """The file system of the image that ``spec`` means, or None when none matches.

    Understands UUID=, LABEL=, PARTUUID=, PARTLABEL=, /dev/disk/by-*/… and whole-disk names with a
    partition number (/dev/sda1, /dev/vda1, /dev/nvme0n1p1, /dev/xvda1, /dev/hda1).
    """
    kind, value = _reference(spec)
    if kind in ("uuid", "label"):
        return next((fs for fs in file_systems if value and getattr(fs, kind) == value), None)
    number = _partition_number(kind, value, partitions)
    return next((fs for fs in file_systems if fs.partition == number), None)


_BY = re.compile(r"/dev/disk/by-(uuid|label|partuuid|partlabel|id|path|diskseq)/(.+)")

# The first disk of each kind that Linux knows (Documentation/admin-guide/devices.txt).
_FIRST_DISK = re.compile(
    r"/dev/(?:(?:sd|vd|xvd|hd)a(\d*)|(?:nvme0n1|mmcblk0)(?:p(\d+))?)", re.ASCII
)
_PART = re.compile(r"-part(\d{1,4})$", re.ASCII)
_HEX = re.compile(r"\\x([0-9a-fA-F]{2})")


def _reference(spec: str) -> tuple[str, str]:
    """What a spec goes by (uuid, label, partuuid, partlabel, number or nothing) and its value."""
    tag, equals, value = _unquoted(spec).partition("=")
    if equals and tag in ("UUID", "LABEL", "PARTUUID", "PARTLABEL"):
        return tag.lower(), value
    if match := _BY.fullmatch(spec):
        return _by_link(match[1], match[2])
    if match := _FIRST_DISK.fullmatch(spec):
        return "number", (match[1] or match[2] or "0")[:4]
    return "", ""


def _by_link(kind: str, name: str) -> tuple[str, str]:
    if kind in ("id", "path", "diskseq"):
        part = _PART.search(name)
        return ("number", part[1]) if part else ("", "")
    return kind, _HEX.sub(lambda match: chr(int(match[1], 16)), name)  # udev's own escapes


def _partition_number(kind: str, value: str, partitions: tuple[Partition, ...]) -> int | None:
    if kind == "number":
        return int(value)
    if kind == "partuuid" and value:
        return next((p.number for p in partitions if p.part_uuid.lower() == value), None)
    if kind == "partlabel" and value:
        return next((p.number for p in partitions if p.name == value), None)
    return None
