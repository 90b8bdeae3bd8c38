"""Images taken apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.image import Image, open_image
from bootworthy.disk.repartition import move_backup_gpt
from bootworthy.model.errors import ImageError
from bootworthy.model.image import TableKind
from bootworthy.model.intent import Generation
from tests.disk.making import MIB, open_descriptors, opened, patch, run, sparse

LAYOUT = """label: gpt
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
start=4096, size=8192, type=uefi
start=12288, type=linux
"""
SIZE = 20 * MIB
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def make_disk(path: Path, layout: str = LAYOUT) -> Path:
    """A partitioned raw disk with an ESP and an ext4."""
    run("sfdisk", "-q", sparse(path, SIZE), typed=layout)
    run("mkfs.vfat", "-F", "12", "--offset", "4096", "-i", "1234abcd", path, "4096")
    run("mke2fs", "-q", "-t", "ext4", "-U", UUID, "-E", "offset=6291456", path, "8192k")
    return path


@pytest.mark.parametrize("fmt", ["raw", "qcow2", "vpc"])
def test_an_image_is_taken_apart(tmp_path: Path, fmt: str) -> None:
    disk, path = make_disk(tmp_path / "disk"), tmp_path / "image"
    options = ("-o", "subformat=fixed,force_size") if fmt == "vpc" else ()
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, *options, disk, path)

    with open_image(path) as image:
        info = image.info()

    assert info.container.virtual_size == SIZE
    assert info.container.format == {"vpc": "vhd"}.get(fmt, fmt)
    assert info.table is TableKind.GPT
    assert [part.number for part in info.partitions] == [1, 2, 3]
    assert [(fs.partition, fs.kind, fs.uuid, fs.clean) for fs in info.file_systems] == [
        (1, "", "", True),
        (2, "vfat", "1234-ABCD", True),
        (3, "ext4", UUID, True),
    ]
    assert info.generations == (2,)


def test_the_extended_partition_carries_nothing(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", SIZE)
    run("sfdisk", "-q", path, typed="label: dos\nsize=4M\ntype=5\nsize=4M\n")

    with open_image(path) as image:
        assert [part.number for part in image.table.partitions] == [1, 2, 5]
        assert [fs.partition for fs in image.file_systems] == [1, 5]


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        (("mke2fs", "-q", "-t", "ext4"), "ext4"),
        (("mkfs.vfat",), "vfat"),
        (("mkntfs", "-q", "-F"), "ntfs"),
    ],
)
def test_a_file_system_may_take_the_whole_disk(
    tmp_path: Path, argv: tuple[str, ...], kind: str
) -> None:
    path = sparse(tmp_path / "disk", SIZE)
    run(*argv, path)

    with open_image(path) as image:
        assert image.table.kind is TableKind.NONE
        (found,) = image.file_systems
        assert (found.partition, found.start, found.size, found.kind) == (0, 0, SIZE, kind)


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", SIZE)
    run("sfdisk", "-q", path, typed="label: dos\n")

    with open_image(path) as image:
        assert image.table.kind is TableKind.MBR
        assert image.file_systems == ()
        assert image.generations == frozenset()


@pytest.mark.parametrize("content", [b"x", b"hello\n" * 1000, bytes(MIB)])
def test_other_files_are_no_disks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    before = open_descriptors()

    with pytest.raises(ImageError) as caught:
        open_image(path)

    assert caught.value.code == "image-not-a-disk"
    assert open_descriptors() == before


def test_a_boot_sector_alone_is_a_disk(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", MIB)
    patch(path, 446, b"\x77" * 64 + b"\x55\xaa")

    with open_image(path) as image:
        assert image.table.kind is TableKind.NONE
        assert image.file_systems == ()


def test_a_container_says_that_it_is_a_disk(tmp_path: Path) -> None:
    path = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", path, "1M")

    with open_image(path) as image:
        assert image.table.kind is TableKind.NONE


def test_a_disk_being_edited_is_read_anew(tmp_path: Path) -> None:
    path = make_disk(tmp_path / "body")
    size = 24 * MIB

    with opened(path) as fd:
        os.ftruncate(fd, size)
        os.pwrite(fd, footer.build(size), size)
        with Image.over_fd(fd, size) as image:
            assert image.container.path == str(path)
            assert image.virtual_size == size
            assert len(image.table.problems) == 2
        assert move_backup_gpt(fd, size)
        with Image.over_fd(fd, size, path="the working disk") as image:
            assert image.container.path == "the working disk"
            assert image.table.problems == ()
            assert [fs.kind for fs in image.file_systems] == ["", "vfat", "ext4"]
            assert image.generations == {Generation.UEFI}
        assert os.fstat(fd).st_size == size + 512

    with open_image(path) as sealed:
        assert sealed.container.format == "vhd"
        assert sealed.virtual_size == size
        assert sealed.pread(510, 2) == b"\x55\xaa"
