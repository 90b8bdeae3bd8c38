"""Images inside gzip, xz, zstd, bzip2 and zip: the same bytes, and nothing left behind."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from bootworthy.disk.container import open_container
from bootworthy.disk.image import open_image
from bootworthy.disk.unpack import spool, streams, zstd_frames
from bootworthy.model.errors import HostError, ImageError
from bootworthy.model.events import BytesMoved, Event, StepFinished, StepStarted
from tests.disk.making import MIB, open_descriptors, patterned, run

SIZE = 3 * MIB + 512


def zipped(data: bytes, *names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive with ``data`` as its first member, and texts after it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr((names or ("disk.img",))[0], data)
        for name in names[1:]:
            archive.writestr(name, "text")
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def in_parts(pack: Callable[[bytes], bytes], data: bytes, size: int = 400_000) -> bytes:
    """Many streams, one after the other."""
    return b"".join(pack(data[start : start + size]) for start in range(0, len(data), size))


def skippable(size: int) -> bytes:
    return struct.pack("<II", 0x184D2A5E, size) + bytes(size)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip members": lambda data: in_parts(gzip.compress, data, 65280) + gzip.compress(b""),
    "gzip padded": lambda data: gzip.compress(data) + bytes(5000),
    "xz": lzma.compress,
    "xz streams": lambda data: in_parts(lzma.compress, data) + bytes(8),
    "bzip2": bz2.compress,
    "bzip2 streams": lambda data: in_parts(bz2.compress, data),
    "zstd": zstd,
    "zstd unsized": lambda data: zstandard.ZstdCompressor(write_content_size=False).compress(data),
    "zstd checked": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
    "zstd seekable": lambda data: skippable(9) + in_parts(zstd, data) + skippable(400),
    "zip": zipped,
    "zip stored": lambda data: zipped(data, "disk.img", method=zipfile.ZIP_STORED),
    "zip of one image": lambda data: zipped(data, "d/disk.RAW", "readme", "SHA256SUMS"),
}


def refusal(path: Path) -> ImageError:
    """The error that opening gives; no descriptor is left open."""
    before = open_descriptors()
    with pytest.raises(ImageError) as caught:
        open_container(path)
    assert open_descriptors() <= before
    assert caught.value.hint
    return caught.value


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own directory for temporary files."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr("tempfile.tempdir", None)
    return directory


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_disk_inside_is_read(tmp_path: Path, temporary: Path, packing: str) -> None:
    disk = patterned(tmp_path / "disk", SIZE)
    image = tmp_path / "image"
    image.write_bytes(PACKINGS[packing](disk))
    before = open_descriptors()

    with open_container(image) as container:
        assert container.pread(0, SIZE + 5) == disk
        assert container.file_size == image.stat().st_size
        assert dict(container.details())["packing"] == packing.split(maxsplit=1)[0]
        assert container.info().format == f"raw in {packing.split(maxsplit=1)[0]}"
        assert list(temporary.iterdir()) == []
        unpacked = os.fstat(container.files()[0].fd)
        assert unpacked.st_nlink == 0
        assert unpacked.st_blocks * 512 < 800_000

    assert open_descriptors() <= before


@pytest.mark.parametrize("packing", PACKINGS)
def test_unpacking_says_how_far_it_is(tmp_path: Path, temporary: Path, packing: str) -> None:
    assert temporary
    image = tmp_path / "image"
    image.write_bytes(PACKINGS[packing](patterned(tmp_path / "disk", SIZE)))
    seen: list[Event] = []

    with open_container(image, observer=seen.append) as container:
        assert container.file_size == image.stat().st_size

    moved = [event for event in seen if isinstance(event, BytesMoved)]
    assert isinstance(seen[0], StepStarted)
    assert isinstance(seen[-1], StepFinished)
    assert [event.done for event in moved] == sorted(event.done for event in moved)
    assert {event.total for event in moved} == {image.stat().st_size}
    assert moved[-1].done == image.stat().st_size


@pytest.mark.parametrize("fmt", ["qcow2", "vmdk", "vdi"])
def test_any_format_may_be_inside(tmp_path: Path, fmt: str) -> None:
    disk = patterned(tmp_path / "disk", SIZE)
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, tmp_path / "disk", tmp_path / "image")
    (tmp_path / "packed").write_bytes(gzip.compress((tmp_path / "image").read_bytes()))

    with open_container(tmp_path / "packed") as container:
        assert container.pread(0, SIZE) == disk
        assert container.info().format == f"{fmt} in gzip"


def test_programs_are_understood(tmp_path: Path) -> None:
    disk = patterned(tmp_path / "disk", SIZE)
    for program, suffix in (("gzip", "gz"), ("xz", "xz"), ("zstd", "zst")):
        run(program, "-k", tmp_path / "disk")
        with open_container(tmp_path / f"disk.{suffix}") as container:
            assert container.pread(0, SIZE) == disk


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_file_cut_short_or_changed_is_an_error(tmp_path: Path, packing: str) -> None:
    packed = PACKINGS[packing](patterned(tmp_path / "disk", MIB))
    image = tmp_path / "image"
    for damaged in (packed[: len(packed) // 2], packed + b"something else" * 10_000):
        image.write_bytes(damaged)
        assert refusal(image).code in ("image-corrupt", "image-truncated")


@pytest.mark.parametrize("packing", ["gzip", "xz", "bzip2", "zstd checked", "zip", "zip stored"])
def test_bit_rot_is_an_error(tmp_path: Path, packing: str) -> None:
    packed = bytearray(PACKINGS[packing](patterned(tmp_path / "disk", MIB)))
    packed[len(packed) // 2] ^= 4
    (tmp_path / "image").write_bytes(packed)

    assert refusal(tmp_path / "image").code == "image-corrupt"


@pytest.mark.parametrize("outer", ["gzip", "zip", "zstd"])
def test_packed_twice_is_refused(tmp_path: Path, outer: str) -> None:
    (tmp_path / "image").write_bytes(PACKINGS[outer](gzip.compress(b"disk" * 1000)))

    assert "inside a compressed file" in refusal(tmp_path / "image").message


def test_an_image_inside_may_not_name_other_files(tmp_path: Path) -> None:
    (tmp_path / "below").write_bytes(b"secret" * 1000)
    overlay = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", "-u", "-b", "below", "-F", "raw", overlay, "4M")
    (tmp_path / "packed").write_bytes(gzip.compress(overlay.read_bytes()))

    with pytest.raises(ImageError) as caught:
        open_container(tmp_path / "packed", allow_backing=True)

    assert caught.value.code == "image-refers-outside"


def test_several_images_are_not_chosen_from(tmp_path: Path) -> None:
    image = tmp_path / "image.zip"
    image.write_bytes(zipped(b"disk" * 512, "a.img", "b.vhd", "__MACOSX/c.img"))

    error = refusal(image)

    assert error.code == "image-ambiguous"
    assert "'a.img', 'b.vhd'" in error.message
    with open_container(image, disk="a.img") as container:
        assert container.pread(0, 8) == b"diskdisk"
    with pytest.raises(ImageError) as caught:
        open_container(image, disk="c.img")
    assert caught.value.code == "image-not-found"
    image.write_bytes(zipped(b"text", "a.txt", "b.txt"))
    assert refusal(image).code == "image-not-found"


def test_an_encrypted_or_strange_zip_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "image.zip"
    data = bytearray(zipped(b"disk" * 1000))
    data[data.index(b"PK\1\2") + 8] |= 1
    image.write_bytes(data)
    assert refusal(image).code == "image-encrypted"

    image.write_bytes(zipped(b"disk" * 1000, "a.img", method=zipfile.ZIP_LZMA))
    assert refusal(image).code == "image-format-unsupported"


def test_a_member_without_a_name_is_no_disk(tmp_path: Path) -> None:
    data = zipped(b"disk" * 1000, "a")
    (tmp_path / "image").write_bytes(data.replace(b"a", b"\0"))

    assert refusal(tmp_path / "image").code == "image-not-found"


def test_a_text_is_no_disk_even_when_packed(tmp_path: Path) -> None:
    (tmp_path / "readme.gz").write_bytes(gzip.compress(b"read me\n" * 1000))

    with pytest.raises(ImageError) as caught:
        open_image(tmp_path / "readme.gz")

    assert caught.value.code == "image-not-a-disk"


def test_a_full_temporary_directory_is_said(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "image").write_bytes(gzip.compress(patterned(tmp_path / "disk", MIB)))
    monkeypatch.setattr(spool, "_RESERVE", 1 << 60)
    before = open_descriptors()

    with pytest.raises(HostError) as caught:
        open_container(tmp_path / "image")

    assert caught.value.code == "host-no-space"
    assert str(temporary) in caught.value.message
    assert "TMPDIR" in caught.value.hint
    assert open_descriptors() <= before


def test_a_missing_temporary_directory_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "image").write_bytes(gzip.compress(b"disk" * 1000))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))

    with pytest.raises(HostError) as caught:
        open_container(tmp_path / "image")

    assert caught.value.code == "host-no-space"


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "image").write_bytes(bz2.compress(bytes(64 * MIB)))
    monkeypatch.setattr(spool, "_RATIO_FROM", 16 * MIB)

    error = refusal(tmp_path / "image")

    assert error.code == "image-too-large"
    assert "100000 to one" in error.message


def test_no_disk_is_larger_than_the_largest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "image").write_bytes(gzip.compress(bytes(MIB)))
    monkeypatch.setattr(spool, "MAX_VIRTUAL_SIZE", MIB - 1)

    assert refusal(tmp_path / "image").code == "image-too-large"


def test_millions_of_tiny_streams_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_MAX_TINY", 100)
    monkeypatch.setattr(zstd_frames, "_MAX_FRAMES", 100)
    for pack in (gzip.compress, zstd):
        (tmp_path / "image").write_bytes(pack(b"x") * 200)
        assert refusal(tmp_path / "image").code == "image-too-complex"


def test_greedy_dictionaries_are_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 256 * MIB}]
    (tmp_path / "image").write_bytes(lzma.compress(b"x" * 1000, filters=filters))

    assert refusal(tmp_path / "image").code == "image-too-complex"
