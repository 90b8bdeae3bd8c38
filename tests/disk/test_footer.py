"""The VHD footer, judged by qemu-img."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.problem import ProblemKind
from bootworthy.model.errors import ImageError, InternalError
from tests.disk.making import MIB, run, sparse

GIB = 1 << 30


def test_builds_the_footer_that_hyper_v_writes() -> None:
    built = footer.build(
        20 * GIB, unique_id=uuid.UUID(int=1), created=datetime(2000, 1, 1, 0, 1, tzinfo=UTC)
    )

    assert built[:48].hex() == (
        "636f6e6563746978"  # conectix
        "00000002"  # features
        "00010000"  # file format 1.0
        "ffffffffffffffff"  # no data offset
        "0000003c"  # one minute after the epoch
        "77696e20"  # win
        "000a0000"  # 10.0
        "5769326b"  # Wi2k
        "0000000500000000"  # original size
    )
    assert built[48:56].hex() == "0000000500000000"
    assert built[60:64].hex() == "00000002"
    assert built[68:84] == uuid.UUID(int=1).bytes
    assert built[84:] == bytes(428)
    assert len(built) == 512


def test_what_is_built_is_parsed() -> None:
    moment = datetime(2024, 2, 29, 12, 30, 1, tzinfo=UTC)
    found = footer.parse(footer.build(3 * MIB, unique_id=uuid.UUID(int=9), created=moment))

    assert found.created == moment
    assert found.unique_id == uuid.UUID(int=9)
    assert found.creator == b"win "
    assert (found.original_size, found.current_size, found.virtual_size) == (3 * MIB,) * 3
    assert found.disk_type == footer.FIXED
    assert found.checksum_valid
    assert not found.saved_state
    assert footer.problems_of(found, 3 * MIB + 512) == ()


def test_each_footer_has_an_identifier_of_its_own() -> None:
    first, second = footer.parse(footer.build(MIB)), footer.parse(footer.build(MIB))

    assert first.unique_id != second.unique_id
    assert first.unique_id.version == 4


@pytest.mark.parametrize(
    ("size", "geometry"),
    [
        (MIB, (30, 4, 17)),
        (64 * MIB, (963, 8, 17)),
        (127 * MIB, (1019, 15, 17)),
        (504 * MIB, (1024, 16, 63)),
        (20 * GIB, (41610, 16, 63)),
        (31 * GIB, (64495, 16, 63)),
        (64 * GIB, (32896, 16, 255)),
        (127 * GIB, (65278, 16, 255)),
        (2048 * GIB, (65535, 16, 255)),
    ],
)
def test_geometry_follows_the_specification(size: int, geometry: tuple[int, int, int]) -> None:
    assert footer.geometry_of(size // 512) == geometry


def test_the_geometry_is_the_one_of_qemu(tmp_path: Path) -> None:
    # Where a size is no geometry qemu rounds it up to one; that one has to be ours as well.
    for mib in (1, 3, 17, 100, 511, 1000, 3000, 20480, 40000, 131072):
        image = tmp_path / f"{mib}.vhd"
        run("qemu-img", "create", "-f", "vpc", "-o", "subformat=fixed", image, f"{mib}M")
        with image.open("rb") as file:
            file.seek(-512, 2)
            found = footer.parse(file.read())
        image.unlink()

        assert footer.geometry_of(found.current_size // 512) == found.geometry


def test_qemu_img_reads_our_vhd_with_its_exact_size(tmp_path: Path) -> None:
    image = sparse(tmp_path / "disk.vhd", 3000 * MIB)
    with image.open("ab") as file:
        file.write(footer.build(3000 * MIB))

    report = json.loads(run("qemu-img", "info", "-f", "vpc", "--output=json", image))

    assert report["virtual-size"] == 3000 * MIB


def test_a_vhd_of_qemu_without_force_size_is_too_large(tmp_path: Path) -> None:
    image = tmp_path / "disk.vhd"
    run("qemu-img", "create", "-f", "vpc", "-o", "subformat=fixed", image, "20G")

    found = footer.parse(_tail(image))

    assert found.creator == b"qemu"
    assert found.size_is_geometry
    # The number in the article's own error message.
    assert found.virtual_size == 21475270656


def test_a_vhd_of_qemu_with_force_size_keeps_its_size(tmp_path: Path) -> None:
    image = tmp_path / "disk.vhd"
    run("qemu-img", "create", "-f", "vpc", "-o", "subformat=fixed,force_size", image, "20G")

    found = footer.parse(_tail(image))

    assert found.creator == b"qem2"
    assert not found.size_is_geometry
    assert found.virtual_size == 20 * GIB
    assert footer.problems_of(found, image.stat().st_size) == ()


@pytest.mark.parametrize("creator", [b"vpc ", b"vs  ", b"qemu"])
def test_old_creators_mean_the_geometry(creator: bytes) -> None:
    found = _with(creator, 3000 * MIB)

    assert found.virtual_size == 3145605120
    assert [problem.kind for problem in footer.problems_of(found, 3000 * MIB + 512)] == [
        ProblemKind.FOOTER_CHECKSUM,
        ProblemKind.FOOTER_GEOMETRY,
    ]


@pytest.mark.parametrize("creator", [b"win ", b"d2v ", b"tap\0", b"CTXS", b"vbox", b"wa\0\0"])
def test_other_creators_mean_the_size_they_wrote(creator: bytes) -> None:
    assert _with(creator, 3000 * MIB).virtual_size == 3000 * MIB


def test_the_largest_geometry_never_counts() -> None:
    assert _with(b"vpc ", 2048 * GIB).virtual_size == 2048 * GIB


def test_problems_are_named() -> None:
    raw = bytearray(footer.build(4 * MIB))
    raw[8:12] = bytes(4)
    raw[84] = 1
    raw[60:64] = (4).to_bytes(4, "big")
    found = footer.parse(bytes(raw))

    problems = footer.problems_of(found, 5 * MIB)

    assert [problem.kind for problem in problems] == [
        ProblemKind.FOOTER_CHECKSUM,
        ProblemKind.FOOTER_FIELD,
        ProblemKind.FOOTER_FIELD,
        ProblemKind.FOOTER_FIELD,
        ProblemKind.FOOTER_SIZE,
    ]
    assert problems[2].text == "disk type in the VHD footer is 0x4, not 0x2"


@pytest.mark.parametrize("data", [b"", bytes(512), b"conectix" + bytes(503)])
def test_other_bytes_are_no_footer(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        footer.parse(data)

    assert caught.value.code == "vhd-footer-missing"


@pytest.mark.parametrize("size", [0, -512, 513])
def test_no_footer_for_an_impossible_size(size: int) -> None:
    with pytest.raises(InternalError):
        footer.build(size)


def _tail(image: Path) -> bytes:
    with image.open("rb") as file:
        file.seek(-512, 2)
        return file.read()


def _with(creator: bytes, size: int) -> footer.Footer:
    raw = footer.build(size)
    return footer.parse(raw[:28] + creator + raw[32:])
