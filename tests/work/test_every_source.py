"""What every container becomes: converted, streamed, looked at and checked, all the same disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.vhd_stream import VhdStream
from bootworthy.work.convert import ConvertOptions, convert
from bootworthy.work.inspect import inspect_image
from tests.azure.disks import fixed_vhd
from tests.disk.making import MIB, needs, raw_of
from tests.disk.sources import EVERY, SIZE, disk_at, make

pytestmark = needs("qemu-img", "qemu-io", "sfdisk")


IN_SEVERAL_FILES = {
    *("qcow2-chain", "qcow2-data-file", "vmdk-split", "vmdk-chain"),
    *("vhd-differencing", "vhdx-differencing"),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The disk of the fixed VHD that every source becomes, without its footer."""
    return fixed_vhd(disk_at(tmp_path_factory.mktemp("expected") / "disk.raw"))[:-512]


def contents(folder: Path) -> dict[str, str]:
    """What is in a folder, to see whether anything changed."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", EVERY)
def test_the_fixed_vhd_is_the_same_converted_and_streamed(
    tmp_path: Path, kind: str, expected: bytes
) -> None:
    (tmp_path / "in").mkdir()
    source = make(kind, tmp_path / "in")
    before = contents(tmp_path / "in")

    result = convert(source, tmp_path / "out.vhd", ConvertOptions(allow_backing=True, verify=True))

    written = (tmp_path / "out.vhd").read_bytes()
    assert written[:-512] == expected
    assert footer.problems_of(footer.parse(written[-512:]), len(written)) == ()
    assert result.virtual_size == len(expected)
    with open_container(source, allow_backing=True) as container:
        refuse_a_difference(VhdStream(container), expected)
    refuse_a_strange_inspection(kind, source)
    assert contents(tmp_path / "in") == before


def refuse_a_difference(stream: VhdStream, expected: bytes) -> None:
    """What is sent is the disk, and all of it that is not zeros is in the spans to send."""
    assert stream.pread(0, stream.size)[:-512] == expected
    rest = bytearray(expected)
    for start, end in stream.data_spans():
        rest[start:end] = bytes(end - start)
    assert not any(rest)


def refuse_a_strange_inspection(kind: str, source: Path) -> None:
    """Sizes, partitions, notes and the verdict are those of the one disk."""
    found = inspect_image(source, allow_backing=True, guest=False)
    assert found.image.container.virtual_size == (25 * MIB if kind == "vhd" else SIZE)
    assert [(part.start, part.size) for part in found.image.partitions] == [(MIB, 10 * MIB)]
    assert found.accepted == (kind == "vhd")
    noted = any("replayed in memory" in note for note in found.notes)
    assert noted == kind.endswith("unclosed")
    for obstacle in found.obstacles:
        # What is offered has to work, and opens no other file where there is none.
        allowing = "--allow-backing" in obstacle.repair
        with open_container(source, allow_backing=allowing) as container:
            assert allowing == (kind in IN_SEVERAL_FILES), container.files()
        in_place = "--in-place" in obstacle.repair
        assert in_place == (kind in ("raw", "vhd-odd")), obstacle


# One of each way in which data lies in an image.
SOME = ("raw", "qcow2-zlib", "vhd-differencing", "vhdx-unclosed", "vmdk-chain", "ova", "xz")


@pytest.mark.parametrize("kind", SOME)
def test_the_dynamic_vhd_is_verified_and_qemu_reads_the_same(
    tmp_path: Path, kind: str, expected: bytes
) -> None:
    source = make(kind, tmp_path)
    options = ConvertOptions(to="vhd-dynamic", allow_backing=True, verify=True)

    convert(source, tmp_path / "out.vhd", options)

    assert raw_of(tmp_path / "out.vhd", tmp_path / "check", fmt="vpc") == expected
    found = inspect_image(tmp_path / "out.vhd", guest=False)
    assert [obstacle.code for obstacle in found.obstacles] == ["not-fixed"]
    convert(tmp_path / "out.vhd", tmp_path / "back.vhd", ConvertOptions(verify=True))
    assert (tmp_path / "back.vhd").read_bytes()[:-512] == expected
