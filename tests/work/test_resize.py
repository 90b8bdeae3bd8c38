"""Disks made larger and smaller, in place and as copies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.image import open_image
from bootworthy.disk.sizes import GIB, KIB, MIB, TIB
from bootworthy.model.errors import ImageError, UsageError
from bootworthy.work import edits
from bootworthy.work.convert import ConvertOptions
from bootworthy.work.in_place import undo
from bootworthy.work.resize import parse_size, resize
from tests import killing
from tests.disk.making import needs, patch, run, sparse
from tests.work.disks import ALIGNED, PARTITION_END, geometry_rounded, make_disk, spoil_footer, vhd

pytestmark = needs("qemu-img", "sfdisk")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30G", 30 * GIB),
        ("30GiB", 30 * GIB),
        ("30gb", 30 * GIB),
        ("512M", 512 * MIB),
        ("2T", 2 * TIB),
        ("2048K", 2048 * KIB),
        ("33554432", 32 * MIB),
        ("+1G", 11 * GIB),
        ("-1G", 9 * GIB),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    assert parse_size(text, 10 * GIB) == expected


@pytest.mark.parametrize("text", ["", "big", "1.5G", "10000000", "0", "-11G", "30X", "٣G"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_size(text, 10 * GIB)

    assert caught.value.code == "size-invalid"
    assert caught.value.hint


def body(path: Path) -> bytes:
    """The disk between its tables, which has data only up to the partition's end."""
    return path.read_bytes()[34 * 512 : PARTITION_END]


def check(path: Path, size: int, *, fixed_vhd: bool) -> None:
    """The file has a disk of that size, with its GPT and its footer where they belong."""
    assert path.stat().st_size == size + (512 if fixed_vhd else 0)
    with open_image(path) as image:
        assert image.container.format == ("vhd" if fixed_vhd else "raw")
        assert image.virtual_size == size
        assert image.table.problems == ()
    if fixed_vhd:
        found = footer.parse(path.read_bytes()[-512:])
        assert footer.problems_of(found, size + 512) == ()


@pytest.mark.parametrize("make", [make_disk, vhd])
@pytest.mark.parametrize("size", [40 * MIB, 22 * MIB])
def test_in_place_and_back(tmp_path: Path, make: object, size: int) -> None:
    assert callable(make)
    path = tmp_path / "disk"
    make(path)
    before = path.read_bytes()

    result = resize(path, str(size), shrink=size < ALIGNED)

    check(path, size, fixed_vhd=make is vhd)
    assert body(path) == before[34 * 512 : PARTITION_END]
    assert result.virtual_size == size
    assert any("backup GPT" in change for change in result.changes)

    undo(path)

    assert path.read_bytes() == before


def test_growing_a_vhd_leaves_no_footer_inside(tmp_path: Path) -> None:
    vhd(tmp_path / "disk")

    resize(tmp_path / "disk", "+5M")

    assert not any((tmp_path / "disk").read_bytes()[ALIGNED : ALIGNED + 512])


def test_the_same_size_is_no_change(tmp_path: Path) -> None:
    vhd(tmp_path / "disk")
    before = (tmp_path / "disk").read_bytes()

    result = resize(tmp_path / "disk", str(ALIGNED))

    assert result.notes == ("the disk has that size already",)
    assert (tmp_path / "disk").read_bytes() == before


def test_a_copy_leaves_the_image(tmp_path: Path) -> None:
    make_disk(tmp_path / "raw")
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", tmp_path / "raw", tmp_path / "image")
    before = (tmp_path / "image").read_bytes()

    result = resize(tmp_path / "image", "40M", output=tmp_path / "out.vhd")

    check(tmp_path / "out.vhd", 40 * MIB, fixed_vhd=True)
    assert body(tmp_path / "out.vhd") == body(tmp_path / "raw")
    assert result.command == "resize"
    assert (tmp_path / "image").read_bytes() == before


def test_a_smaller_copy(tmp_path: Path) -> None:
    make_disk(tmp_path / "raw")
    options = ConvertOptions(verify=True)

    resize(tmp_path / "raw", "21M", output=tmp_path / "out.vhd", shrink=True, options=options)

    check(tmp_path / "out.vhd", 21 * MIB, fixed_vhd=True)
    assert body(tmp_path / "out.vhd") == body(tmp_path / "raw")


def refused(path: Path, size: str, *, shrink: bool = True, output: Path | None = None) -> str:
    """The code of the error; nothing changes."""
    before = path.read_bytes()
    with pytest.raises((ImageError, UsageError)) as caught:
        resize(path, size, shrink=shrink, output=output)
    assert path.read_bytes() == before
    assert output is None or not output.exists()
    return caught.value.code


@pytest.mark.parametrize("copy", [False, True])
def test_a_partition_is_never_cut(tmp_path: Path, copy: bool) -> None:
    vhd(tmp_path / "disk")
    output = tmp_path / "out.vhd" if copy else None

    assert refused(tmp_path / "disk", "20M", output=output) == "resize-loses-data"


@pytest.mark.parametrize("copy", [False, True])
def test_data_behind_the_partitions_is_never_cut(tmp_path: Path, copy: bool) -> None:
    make_disk(tmp_path / "disk")
    patch(tmp_path / "disk", 23 * MIB - 5000, b"hidden")
    output = tmp_path / "out.vhd" if copy else None

    assert refused(tmp_path / "disk", "22M", output=output) == "resize-loses-data"


def test_a_backup_gpt_needs_room_behind_the_last_partition(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk")
    # Up to 22 MiB: the partition fits into a disk of that size, the table behind it does not.
    argv = ("sfdisk", "-q", "--no-reread", "-N", "1", "--force")
    run(*argv, tmp_path / "disk", typed=f",{21 * 2048}\n")

    assert refused(tmp_path / "disk", "22M") == "partition-in-the-way"


def test_a_disk_without_partitions_is_never_cut(tmp_path: Path) -> None:
    sparse(tmp_path / "disk", 30 * MIB)
    run("mkfs.ext4", "-q", "-F", tmp_path / "disk")

    assert refused(tmp_path / "disk", "20M") == "resize-loses-data"


def test_shrinking_is_asked_for(tmp_path: Path) -> None:
    vhd(tmp_path / "disk")

    assert refused(tmp_path / "disk", "22M", shrink=False) == "shrink-not-asked"


def test_other_formats_need_a_copy(tmp_path: Path) -> None:
    make_disk(tmp_path / "raw")
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", tmp_path / "raw", tmp_path / "image")

    assert refused(tmp_path / "image", "40M") == "in-place-not-possible"


def test_a_faulty_vhd_is_repaired_first(tmp_path: Path) -> None:
    vhd(tmp_path / "disk")
    spoil_footer(tmp_path / "disk", 48, (ALIGNED - MIB).to_bytes(8, "big"))

    assert refused(tmp_path / "disk", "40M") == "in-place-not-possible"


def test_a_rounded_vhd_becomes_whole(tmp_path: Path) -> None:
    geometry_rounded(tmp_path / "disk")

    resize(tmp_path / "disk", "40M")

    check(tmp_path / "disk", 40 * MIB, fixed_vhd=True)


def test_the_limit_holds(tmp_path: Path) -> None:
    vhd(tmp_path / "disk")

    assert refused(tmp_path / "disk", "5T") == "image-too-large"


def drive_kills(folder: str, size: str, kind: str) -> None:
    """Kill a resize at each write; the next one completes it."""
    path = Path(folder) / "disk"
    make = vhd if kind == "vhd" else make_disk
    make(path)
    pristine, data = path.read_bytes(), body(path)
    old_size = len(pristine)

    def renew() -> None:
        path.write_bytes(pristine)
        for name in ("disk.undo", "disk.journal", "disk.journal.new"):
            (Path(folder) / name).unlink(missing_ok=True)

    def after() -> None:
        assert body(path) == data
        resize(path, size, shrink=True)
        check(path, int(size), fixed_vhd=kind == "vhd")
        assert body(path) == data
        assert not edits.journal_of(path).exists()
        undo(path)
        assert path.stat().st_size == old_size
        renew()

    renew()
    action = lambda: resize(path, size, shrink=True)  # noqa: E731
    print(killing.kill_at_each_write(action, after))  # noqa: T201


@pytest.mark.parametrize("kind", ["vhd", "raw"])
@pytest.mark.parametrize("size", [40 * MIB, 22 * MIB])
def test_killed_at_every_write(tmp_path: Path, kind: str, size: int) -> None:
    drive = "tests.work.test_resize:drive_kills"

    assert int(killing.drive(drive, tmp_path, str(size), kind)) > 8


def test_options_reach_the_copy(tmp_path: Path) -> None:
    make_disk(tmp_path / "raw")
    (tmp_path / "out.vhd").write_text("mine")
    options = ConvertOptions()

    with pytest.raises(UsageError):
        resize(tmp_path / "raw", "40M", output=tmp_path / "out.vhd", options=options)
    resize(
        tmp_path / "raw", "40M", output=tmp_path / "out.vhd", options=replace(options, force=True)
    )

    assert (tmp_path / "out.vhd").stat().st_size == 40 * MIB + 512
