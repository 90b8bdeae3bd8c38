"""The fixed VHD that is never written: byte for byte what writing it would give."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.vhd_stream import VhdStream, joined
from bootworthy.model.errors import ImageError
from tests.azure.disks import CREATED, SOURCES, UNIQUE, fixed_vhd, make
from tests.disk.making import MIB, needs, patch, run, sparse


@needs("qemu-img", "sfdisk")
@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_is_streamed_as_the_vhd_it_would_become(kind: str, tmp_path: Path) -> None:
    source = make(kind, tmp_path)
    expected = source.read_bytes() if kind == "vhd" else fixed_vhd(source)
    with open_container(source) as container:
        stream = VhdStream(container, unique_id=UNIQUE, created=CREATED)

        assert stream.pread(0, stream.size) == expected
        assert stream.size == len(expected)


@needs("qemu-img", "sfdisk")
@pytest.mark.parametrize("kind", SOURCES)
def test_all_that_is_not_zero_lies_in_the_data_spans(kind: str, tmp_path: Path) -> None:
    with open_container(make(kind, tmp_path)) as container:
        stream = VhdStream(container)
        whole = bytearray(stream.pread(0, stream.disk_size))
        spans = list(stream.data_spans())
        for start, end in spans:
            whole[start:end] = bytes(end - start)

        assert not any(whole)
        assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))
        # The hole in the middle does not travel.
        assert sum(end - start for start, end in spans) < stream.disk_size // 2 + MIB


@needs("sfdisk")
def test_reading_in_pieces_gives_the_same_as_reading_at_once(tmp_path: Path) -> None:
    with open_container(make("raw", tmp_path)) as container:
        stream = VhdStream(container)
        whole = stream.pread(0, stream.size)
        step = 70_001
        pieces = [stream.pread(start, step) for start in range(0, stream.size, step)]

        assert b"".join(pieces) == whole
        assert stream.pread(stream.size, 1) == b""
        assert stream.pread(stream.size - 3, 100) == whole[-3:]


def test_free_space_reads_as_zeros_and_is_no_data(tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"\xaa" * (2 * MIB))
    with open_container(disk, force_format="raw") as container:
        stream = VhdStream(container, free=[(8192, 12288), (4096, 8192), (MIB, MIB + 4096)])

        assert list(stream.data_spans()) == [(0, 4096), (12288, MIB), (MIB + 4096, 2 * MIB)]
        assert stream.pread(4000, 200) == b"\xaa" * 96 + bytes(104)
        assert stream.pread(12200, 200) == bytes(88) + b"\xaa" * 112
        assert stream.free_bytes == 12288


def test_a_gpt_that_cannot_be_moved_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk.raw", 8 * MIB)
    run("sfdisk", "--quiet", disk, typed="label: gpt\nstart=2048,size=2048\n")
    with disk.open("r+b") as file:
        file.truncate(3 * MIB - 16384)
    patch(disk, 512, disk.read_bytes()[512:1024])
    with open_container(disk) as container:
        # The partition ends where the backup GPT of so small a disk would begin.
        container.virtual_size = 2 * MIB
        with pytest.raises(ImageError) as caught:
            VhdStream(container)

    assert caught.value.code == "partition-in-the-way"


def test_the_footer_of_a_vhd_azure_would_refuse_is_made_anew(tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk.vhd", 2 * MIB)
    whole = footer.build(2 * MIB)
    with disk.open("ab") as file:
        file.write(whole[:64] + b"\0\0\0\0" + whole[68:])
    with open_container(disk, force_format="vhd") as container:
        stream = VhdStream(container)

        assert footer.problems_of(footer.parse(stream.footer), stream.size) == ()


def test_spans_that_touch_are_one() -> None:
    assert list(joined(iter([(0, 2), (2, 4), (3, 3), (5, 6), (5, 9)]))) == [(0, 4), (5, 9)]
