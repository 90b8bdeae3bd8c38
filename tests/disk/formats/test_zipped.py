"""Zip archives that could be unpacked in two ways are refused; those of every writer are read."""

from __future__ import annotations

import io
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, needs, open_descriptors, patterned, run

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
DISK = b"a disk's first sector" * 1000
OTHER = b"of quite another disk" * 1000


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An own directory for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


def archive(members: Mapping[str, bytes], *, comment: bytes = b"") -> bytearray:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in members.items():
            writer.writestr(name, data)
        writer.comment = comment
    return bytearray(out.getvalue())


def refusal(path: Path, data: bytes | bytearray, *, disk: str = "") -> ImageError:
    """The error that opening gives; no descriptor is left open."""
    path.write_bytes(data)
    before = open_descriptors()
    with pytest.raises(ImageError) as caught:
        open_container(path, disk=disk)
    assert open_descriptors() <= before
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("disk", ["", "disk.img", "1"])
@pytest.mark.parametrize("name", ["disk.img", "notes"])
def test_two_members_of_one_name_are_refused(tmp_path: Path, name: str, disk: str) -> None:
    data = archive({"disk.img": DISK, name[:-1] + "X": OTHER, "notes": b"text"})
    data = data.replace(f"{name[:-1]}X".encode(), name.encode())

    error = refusal(tmp_path / "image.zip", data, disk=disk)

    assert error.code == "image-corrupt"
    assert f"2 members of the zip archive are called {name!r}" in error.message


def test_names_are_the_same_behind_a_zero_byte(tmp_path: Path) -> None:
    data = archive({"disk.img": DISK, "disk.img\N{DIGIT ZERO}.txt": OTHER})
    data = data.replace(b"disk.img0.txt", b"disk.img\0.txt")

    assert "called 'disk.img'" in refusal(tmp_path / "image.zip", data).message


# Where a field is in the local header of the first member, and what it is made.
FIELDS: dict[str, tuple[int, bytes]] = {
    "compression method": (8, struct.pack("<H", 0)),
    "encryption": (6, struct.pack("<H", 1)),
    "checksum": (14, b"\1\2\3\4"),
    "compressed size": (18, struct.pack("<L", 77)),
    "size": (22, struct.pack("<L", 21_001)),
}


@pytest.mark.parametrize("what", FIELDS)
def test_header_and_directory_have_to_agree(tmp_path: Path, what: str) -> None:
    at, field = FIELDS[what]
    data = archive({"disk.img": DISK})
    data[at : at + len(field)] = field

    error = refusal(tmp_path / "image.zip", data)

    assert error.code == "image-corrupt"
    assert error.message.endswith(f"its member 'disk.img' differ in the {what}")


@pytest.mark.parametrize("what", ["checksum", "compressed size", "size"])
def test_sizes_that_follow_the_data_may_be_missing_and_nothing_else(
    tmp_path: Path, what: str
) -> None:
    at, field = FIELDS[what]
    data = archive({"disk.img": DISK})
    data[6:8] = struct.pack("<H", 8)
    data[at : at + len(field)] = bytes(len(field))
    (tmp_path / "image.zip").write_bytes(data)

    with open_container(tmp_path / "image.zip") as container:
        assert container.pread(0, 99) == DISK[:99]
    data[at : at + len(field)] = field
    assert f"differ in the {what}" in refusal(tmp_path / "image.zip", data).message


@pytest.mark.parametrize("extra", [b"", struct.pack("<HHQ", 1, 8, 21_000), b"\1\0\xff\xff" * 5])
def test_a_zip64_header_without_both_sizes_agrees_with_nothing(
    tmp_path: Path, extra: bytes
) -> None:
    data = archive({"disk.img": DISK})
    data[22:26] = b"\xff" * 4
    data[28:30] = struct.pack("<H", len(extra))
    data[38:38] = extra
    end = data.index(END)
    (start,) = struct.unpack_from("<L", data, end + 16)
    struct.pack_into("<L", data, end + 16, start + len(extra))

    assert "differ in the size" in refusal(tmp_path / "image.zip", data).message


def test_another_name_before_the_data_is_refused(tmp_path: Path) -> None:
    data = archive({"disk.img": DISK})
    data[30:38] = b"fake.img"

    assert refusal(tmp_path / "image.zip", data).code == "image-corrupt"


def test_a_member_that_is_a_part_of_another_is_refused(tmp_path: Path) -> None:
    inner = archive({"disk.img": OTHER})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as writer:
        writer.writestr("quoted", inner[: inner.index(CENTRAL)])
        writer.writestr("disk.img", OTHER)
    data = bytearray(out.getvalue())
    second = data.rindex(CENTRAL)
    # The directory's second entry: the member that the first has for its data.
    entry = bytearray(inner[inner.index(CENTRAL) : inner.index(END)])
    struct.pack_into("<L", entry, 42, data.index(LOCAL, 4))
    end = data.index(END)
    struct.pack_into("<L", data, end + 12, second - data.index(CENTRAL) + len(entry))
    data[second:end] = entry

    message = refusal(tmp_path / "image.zip", data).message

    assert "its members 'disk.img' and 'quoted' overlap" in message


def test_two_members_of_the_same_bytes_are_refused(tmp_path: Path) -> None:
    data = archive({"disk.img": DISK, "copy.img": DISK})
    # Both of the directory's entries lead to the first member.
    second = data.rindex(CENTRAL)
    data[second + 46 : second + 54] = b"disk.imh"
    struct.pack_into("<L", data, second + 42, 0)

    message = refusal(tmp_path / "image.zip", data, disk="disk.img").message

    assert "its members 'disk.img' and 'disk.imh' overlap" in message


def test_a_member_that_reaches_into_the_directory_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as writer:
        writer.writestr("disk.img", DISK)
    data = bytearray(out.getvalue())
    entry = data.index(CENTRAL)
    for at in (18, 22, entry + 20, entry + 24):
        struct.pack_into("<L", data, at, len(DISK) + 40)

    message = refusal(tmp_path / "image.zip", data).message

    assert "'disk.img' reaches into the directory" in message


def test_a_second_archive_behind_the_first_is_refused(tmp_path: Path) -> None:
    both = archive({"disk.img": DISK}) + archive({"disk.img": OTHER})

    error = refusal(tmp_path / "image.zip", both)

    assert error.code == "image-corrupt"
    assert "does not begin with the first member of its zip directory" in error.message


def test_a_member_before_the_file_is_refused(tmp_path: Path) -> None:
    data = archive({"disk.img": DISK})
    # What info-zip 3.0 writes to a pipe when Zip64 is forced: an end that is nowhere.
    struct.pack_into("<L", data, data.index(END) + 16, 0xFFFF_FFFF)

    assert refusal(tmp_path / "image.zip", data).code == "image-corrupt"


def test_a_directory_in_a_comment_is_refused(tmp_path: Path) -> None:
    # The comment of the first is the whole second archive, whose directory is nearer to the end.
    inside = archive({"disk.img": OTHER}, comment=b"a comment")
    outside = archive({"disk.img": DISK}, comment=b"the end: " + bytes(inside))

    assert refusal(tmp_path / "image.zip", outside).code == "image-corrupt"
    ends = archive({"disk.img": DISK}, comment=END + b" is how a directory ends")
    assert refusal(tmp_path / "image.zip", ends).code == "image-corrupt"


def test_a_comment_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "image.zip").write_bytes(archive({"disk.img": DISK}, comment=b"built at noon"))

    with open_container(tmp_path / "image.zip") as container:
        assert container.pread(0, 99) == DISK[:99]


def _with_zip64(path: Path, disk: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as writer:
        with writer.open("disk.img", "w", force_zip64=True) as member:
            member.write(disk)
        writer.writestr("notes", "text")


class _Pipe(io.BytesIO):
    """What cannot be gone back in: sizes have to follow the data."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError("a pipe")

    def seek(self, *_: int) -> int:
        raise OSError("a pipe")


def _into_a_pipe(path: Path, disk: bytes) -> None:
    out = _Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("disk.img", disk)
        with writer.open("notes", "w", force_zip64=True) as member:
            member.write(b"text")
    path.write_bytes(out.getvalue())


def _by_zip(path: Path, disk: bytes) -> None:
    (path.parent / "disk.img").write_bytes(disk)
    run("zip", "-q", "-j", path, path.parent / "disk.img")


def _by_zip_from_a_pipe(path: Path, disk: bytes) -> None:
    (path.parent / "disk.img").write_bytes(disk)
    command = ["zip", "-q", "-j", "-", str(path.parent / "disk.img")]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)


@needs("zip")
@pytest.mark.parametrize("write", [_with_zip64, _into_a_pipe, _by_zip, _by_zip_from_a_pipe])
def test_what_writers_leave_is_read(tmp_path: Path, write: Callable[[Path, bytes], None]) -> None:
    disk = patterned(tmp_path / "disk", 2 * MIB)
    write(tmp_path / "image.zip", disk)

    with open_container(tmp_path / "image.zip") as container:
        assert container.pread(0, 2 * MIB + 1) == disk
        assert container.member == "disk.img"
