"""VMDK, VDI, Parallels, OVA and compressed files of a stranger's making."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.disk.container import open_container, open_file
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.references import References
from bootworthy.model.errors import ImageError
from tests.disk.formats.test_ova import ovf
from tests.disk.making import opened, patch, run, sparse
from tests.disk.vmdks import descriptor, esx_sparse, hosted_sparse, streamed
from tests.fuzz.hostile import BOUNDED, Patch, only_image_errors, patched, patches

SIZE = 300_032
# Copied when no larger than this: a hostile header may claim terabytes of holes.
_COPIED = 2 << 20


def by_qemu_img(fmt: str, options: str) -> Callable[[Path], bytes]:
    """Makes an image of a small disk."""

    def make(directory: Path) -> bytes:
        disk = sparse(directory / "disk", SIZE)
        for place in (0, 70_000, 299_000):
            patch(disk, place, b"some text %d\n" % place * 60)
        image = directory / "image"
        run("qemu-img", "convert", "-f", "raw", "-O", fmt, "-o", options, disk, image)
        return image.read_bytes()

    return make


def disk() -> bytes:
    return b"".join(b"line %d\n" % number for number in range(2000)).ljust(20_480, b"\0")


def ova() -> bytes:
    image = streamed({0: b"a", 3: b"d"}, grains=4)
    members = {"vm.ovf": ovf("d.vmdk"), "vm.mf": b"", "d.vmdk": image}
    digest = hashlib.sha1(members["vm.ovf"], usedforsecurity=False).hexdigest()
    members["vm.mf"] = f"SHA1(vm.ovf)= {digest}\n".encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("disk.img", disk())
        archive.writestr("readme", "text")
    return out.getvalue()


def zstd() -> bytes:
    one = zstandard.ZstdCompressor(write_checksum=True).compress(disk())
    return b"\x5e\x2a\x4d\x18\4\0\0\0skip" + one + zstandard.ZstdCompressor().compress(disk())


IMAGES: dict[str, Callable[[Path], bytes]] = {
    "vmdk": by_qemu_img("vmdk", "subformat=monolithicSparse"),
    "vmdk-stream": by_qemu_img("vmdk", "subformat=streamOptimized"),
    "vmdk-footer": lambda _: streamed({0: b"a", 3: b"d"}, grains=4),
    "vmdk-3": lambda _: hosted_sparse({0: b"a", 3: b"d"}, grains=4, version=3),
    "vmdk-esx": lambda _: esx_sparse({0: b"a", 99: b"d"}, sectors=100),
    "vdi": by_qemu_img("vdi", "static=off"),
    "parallels": by_qemu_img("parallels", "cluster_size=64k"),
    "ova": lambda _: ova(),
    "gzip": lambda _: gzip.compress(disk()) + gzip.compress(disk()),
    "bzip2": lambda _: bz2.compress(disk()),
    "xz": lambda _: lzma.compress(disk()) + lzma.compress(disk()),
    "zstd": lambda _: zstd(),
    "zip": lambda _: zipped(),
}


@pytest.fixture(scope="module", params=IMAGES)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small image of each kind."""
    return IMAGES[request.param](tmp_path_factory.mktemp("fuzz"))


def read_all(directory: Path, data: bytes) -> None:
    """Do with an image what the product does."""
    fd = os.memfd_create("image")
    file = HostFile(str(directory / "image"), fd)
    os.pwrite(fd, data, 0)
    file.size = len(data)
    with open_file(file, References.of(file, allowed=True)) as container:
        container.info()
        for offset in (0, 70_000, container.virtual_size - 5000):
            container.pread(max(offset, 0), 5000)
        if container.virtual_size <= _COPIED:
            copy = os.memfd_create("copy")
            try:
                copy_disk(container, copy)
            finally:
                os.close(copy)


@cache
def header_changes(size: int) -> st.SearchStrategy[list[Patch]]:
    """Changes where headers and tables are: mostly at the start, some at the end."""
    regions = [(0, min(96, size)), (0, min(1024, size)), (max(size - 1536, 0), size), (0, size)]
    return patches(*(region for region in regions if region[0] < region[1]))


@BOUNDED
@given(data=st.data())
def test_headers_and_tables(tmp_path: Path, image: bytes, data: st.DataObject) -> None:
    changes: list[Patch] = data.draw(header_changes(len(image)))

    only_image_errors(lambda: read_all(tmp_path, patched(image, changes)))


@cache
def table_changes(image: bytes) -> st.SearchStrategy[list[Patch]]:
    """Changes to the first words of sectors that are mostly zeros or small numbers: tables."""
    found = []
    for start in range(64, min(len(image), 200_000), 512):
        sector = image[start : start + 512]
        if any(sector) and sector.count(0) > len(sector) // 2:
            found.append((start, min(start + 24, len(image))))
    return patches(*(found[:12] or [(0, min(64, len(image)))]))


@BOUNDED
@given(data=st.data())
def test_tables(tmp_path: Path, image: bytes, data: st.DataObject) -> None:
    changes: list[Patch] = data.draw(table_changes(image))

    only_image_errors(lambda: read_all(tmp_path, patched(image, changes)))


@BOUNDED
@given(end=st.integers(0, 1 << 17), tail=st.binary(max_size=40))
def test_files_cut_short(tmp_path: Path, image: bytes, end: int, tail: bytes) -> None:
    data = image[: end % (len(image) + 1)] + tail
    if data:
        only_image_errors(lambda: read_all(tmp_path, data))


def test_the_image_itself_is_read(tmp_path: Path, image: bytes) -> None:
    assert only_image_errors(lambda: read_all(tmp_path, image))


_WORDS = st.sampled_from(
    (
        *("RW 8 FLAT", "RW 16 SPARSE", "RDONLY 4 ZERO", "RW 99999999999999 ZERO"),
        *("CID=", "parentCID=", "parentFileNameHint=", "createType=x\n", "1", "ffffffff"),
        *('"a.bin"', '"a.bin" 1', '"image"', '"/etc/passwd"', '"../x"', 'RW 4 VMFSSPARSE "s.vmdk"'),
        *("\n", " ", "=", '"', "\0", "#"),
    )
)


@BOUNDED
@given(words=st.lists(_WORDS, max_size=12), changes=patches((22, 330), aligned=1))
def test_descriptors(tmp_path: Path, words: list[str], changes: list[Patch]) -> None:
    (tmp_path / "a.bin").write_bytes(b"a" * 8192)
    (tmp_path / "s.vmdk").write_bytes(esx_sparse({0: b"a"}, sectors=8))
    text = patched(descriptor("FLAT", 8, "a.bin"), changes)
    for content in (b"# Disk DescriptorFile\n" + "".join(words).encode(), text):
        (tmp_path / "image").write_bytes(content)
        only_image_errors(lambda: read_path(tmp_path / "image"))


def read_path(path: Path) -> None:
    """Read an image that may have other files."""
    with open_container(path, allow_backing=True, force_format="vmdk") as container:
        container.info()
        container.pread(0, 5000)
        if container.virtual_size <= _COPIED:
            with opened(path.with_name("copy"), os.O_RDWR | os.O_CREAT | os.O_TRUNC) as fd:
                copy_disk(container, fd)


@BOUNDED
@given(changes=patches((0, 900), aligned=1))
def test_package_descriptors(tmp_path: Path, changes: list[Patch]) -> None:
    (tmp_path / "d.vmdk").write_bytes(b"disk" * 512)
    (tmp_path / "vm.ovf").write_bytes(patched(ovf("d.vmdk"), changes))

    def read() -> None:
        with open_container(tmp_path / "vm.ovf", allow_backing=True, force_format="ovf") as found:
            found.pread(0, 512)

    only_image_errors(read)


def test_a_text_is_no_descriptor(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"nothing of the kind")

    with pytest.raises(ImageError):
        read_path(tmp_path / "image")
