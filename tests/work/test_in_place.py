"""Edits in place: what becomes of each sort of file, killed at every write, and taken back."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.image import Image, open_image
from bootworthy.disk.sizes import GIB
from bootworthy.model.errors import HostError, ImageError, UsageError
from bootworthy.model.events import ignore
from bootworthy.work import edits
from bootworthy.work.in_place import convert_in_place, undo
from bootworthy.work.limits import Target
from tests import killing
from tests.disk.making import MIB, needs, patch, raw_of, run, sparse
from tests.work.disks import (
    ALIGNED,
    SIZE,
    after_footer,
    converted_twice,
    geometry_rounded,
    make_disk,
    spoil_footer,
    vhd,
)

pytestmark = needs("qemu-img", "sfdisk")


def unaligned_vhd(path: Path) -> None:
    make_disk(path)
    with path.open("ab") as file:
        file.write(footer.build(SIZE))


def wrong_checksum(path: Path) -> None:
    vhd(path)
    spoil_footer(path, 64, b"\0\0\0\0", checksum=False)


def wrong_fields(path: Path) -> None:
    vhd(path)
    spoil_footer(path, 16, bytes(8))
    spoil_footer(path, 84, b"\1")


def wrong_size(path: Path) -> None:
    vhd(path)
    spoil_footer(path, 48, (ALIGNED - MIB).to_bytes(8, "big"))


def wrong_type(path: Path) -> None:
    vhd(path)
    spoil_footer(path, 60, (7).to_bytes(4, "big"))


FAULTY = [
    make_disk,
    unaligned_vhd,
    geometry_rounded,
    wrong_checksum,
    wrong_fields,
    wrong_size,
    wrong_type,
    after_footer,
    converted_twice,
]
Make = Callable[[Path], None]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check_whole(path: Path, disk: bytes) -> None:
    """The file is a VHD without a fault, with everything between the tables as in ``disk``."""
    size = path.stat().st_size
    found = footer.parse(path.read_bytes()[-512:])
    assert footer.problems_of(found, size) == ()
    assert (size - 512) % MIB == 0
    inside = slice(34 * 512, SIZE - 33 * 512)
    assert path.read_bytes()[inside] == disk[inside]
    with open_container(path) as container:
        assert container.format == "vhd"
        assert Image(container).table.problems == ()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The disk in all of them."""
    path = tmp_path_factory.mktemp("place") / "disk"
    make_disk(path)
    return path.read_bytes()


@pytest.mark.parametrize("make", FAULTY)
def test_becomes_what_azure_takes_and_back(tmp_path: Path, disk: bytes, make: Make) -> None:
    path = tmp_path / "disk.vhd"
    make(path)
    before = path.read_bytes()

    result = convert_in_place(path)

    check_whole(path, disk)
    assert result.changes
    assert f"--undo {path}" in result.undo
    assert names(tmp_path) == ["disk.vhd", "disk.vhd.undo"]

    undo(path)

    assert path.read_bytes() == before
    assert names(tmp_path) == ["disk.vhd"]


@pytest.mark.parametrize("make", FAULTY)
def test_a_second_run_changes_nothing(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "disk.vhd"
    make(path)
    convert_in_place(path)
    before = path.read_bytes()

    result = convert_in_place(path)

    assert path.read_bytes() == before
    assert result.notes == ("nothing had to be changed",)


def test_qemu_reads_it(tmp_path: Path, disk: bytes) -> None:
    make_disk(tmp_path / "disk")

    convert_in_place(tmp_path / "disk")

    found = raw_of(tmp_path / "disk", tmp_path / "raw", fmt="vpc")
    assert len(found) == ALIGNED
    assert found[20 * 512 : SIZE - 33 * 512] == disk[20 * 512 : SIZE - 33 * 512]
    assert "No errors detected" in run("sfdisk", "--verify", tmp_path / "raw")


def test_a_disk_converted_twice_gets_its_own_size_back(tmp_path: Path) -> None:
    converted_twice(tmp_path / "disk")

    result = convert_in_place(tmp_path / "disk")

    assert result.virtual_size == ALIGNED
    assert any("converted twice" in change for change in result.changes)


def test_a_footer_inside_a_disk_that_grew_stays(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    converted_twice(path)
    patch(path, ALIGNED + 5000, b"used")

    result = convert_in_place(path)

    assert result.virtual_size == ALIGNED + MIB
    assert any(f"at byte {ALIGNED}" in note for note in result.notes)


def test_a_sparse_disk_stays_sparse(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 200 * GIB + 512)
    patch(path, 510, b"\x55\xaa")

    convert_in_place(path)

    assert path.stat().st_size == 200 * GIB + MIB + 512
    assert path.stat().st_blocks * 512 < MIB


def test_the_limit_holds(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 1024 * GIB)
    patch(path, 510, b"\x55\xaa")

    with pytest.raises(ImageError) as caught:
        convert_in_place(path, target=Target.ARTICLE)

    assert caught.value.code == "image-too-large"
    assert path.stat().st_size == 1024 * GIB


@pytest.mark.parametrize("fmt", ["qcow2", "vpc"])
def test_what_has_to_be_copied_is_refused(tmp_path: Path, fmt: str) -> None:
    make_disk(tmp_path / "disk")
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, tmp_path / "disk", tmp_path / "image")
    before = (tmp_path / "image").read_bytes()

    with pytest.raises((UsageError, ImageError)) as caught:
        convert_in_place(tmp_path / "image")

    assert "-o OUT.vhd" in caught.value.hint or caught.value.code == "image-format-unsupported"
    assert (tmp_path / "image").read_bytes() == before


def test_a_truncated_vhd_is_not_sealed(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    vhd(path)
    spoil_footer(path, 48, (ALIGNED + MIB).to_bytes(8, "big"))

    with pytest.raises(ImageError) as caught:
        convert_in_place(path)

    assert caught.value.code == "image-truncated"


def test_any_file_is_no_disk(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear disk,\n" * 500)

    with pytest.raises(ImageError) as caught:
        convert_in_place(tmp_path / "letter")

    assert caught.value.code == "image-not-a-disk"


def test_undo_needs_an_edit(tmp_path: Path) -> None:
    vhd(tmp_path / "disk")

    with pytest.raises(UsageError) as caught:
        undo(tmp_path / "disk")

    assert caught.value.code == "undo-not-possible"


@pytest.mark.parametrize(
    "change", [lambda path: os.truncate(path, MIB), lambda path: patch(path, ALIGNED, b"?")]
)
def test_undo_refuses_what_changed_since(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "disk"
    make_disk(path)
    convert_in_place(path)
    change(path)
    before = path.read_bytes()

    with pytest.raises(UsageError) as caught:
        undo(path)

    assert "changed since" in caught.value.message
    assert path.read_bytes() == before


def test_a_journal_of_another_file_is_not_applied(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk")
    convert_in_place(tmp_path / "disk")
    (tmp_path / "disk.undo").rename(tmp_path / "other.journal")
    make_disk(tmp_path / "other")
    before = (tmp_path / "other").read_bytes()

    with pytest.raises(UsageError) as caught:
        convert_in_place(tmp_path / "other")

    assert caught.value.code == "journal-foreign"
    assert (tmp_path / "other").read_bytes() == before


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"version": 1, "image": 5}', b"\xff", b""])
def test_a_journal_that_came_with_the_image_is_not_applied(tmp_path: Path, text: bytes) -> None:
    make_disk(tmp_path / "disk")
    before = (tmp_path / "disk").read_bytes()
    (tmp_path / "disk.journal").write_bytes(f"{zlib.crc32(text):08x} ".encode() + text)

    with pytest.raises(UsageError) as caught:
        convert_in_place(tmp_path / "disk")

    assert caught.value.code == "journal-foreign"
    assert (tmp_path / "disk").read_bytes() == before


def test_another_run_holds_the_image(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk")

    with edits.writable(tmp_path / "disk"), pytest.raises(HostError) as caught:
        convert_in_place(tmp_path / "disk")

    assert caught.value.code == "output-busy"


def drive_kills(folder: str, number: str) -> None:
    """Kill the edit at each write; what is left is a disk, and the next run completes it."""
    path, pristine = Path(folder) / "disk", Path(folder) / "pristine"
    FAULTY[int(number)](pristine)
    make_disk(path)
    disk = path.read_bytes()

    def renew() -> None:
        path.write_bytes(pristine.read_bytes())
        for name in ("disk.undo", "disk.journal", "disk.journal.new"):
            (Path(folder) / name).unlink(missing_ok=True)

    def after() -> None:
        inside = slice(34 * 512, SIZE - 33 * 512)
        assert path.read_bytes()[inside] == disk[inside]
        convert_in_place(path, observer=ignore)
        check_whole(path, disk)
        assert not edits.journal_of(path).exists()
        if edits.undo_of(path).exists():
            undo(path)
            assert path.read_bytes() == pristine.read_bytes()
        renew()

    renew()
    print(killing.kill_at_each_write(lambda: convert_in_place(path), after))  # noqa: T201


@pytest.mark.parametrize("number", range(len(FAULTY)), ids=lambda number: FAULTY[number].__name__)
def test_killed_at_every_write(tmp_path: Path, number: int) -> None:
    kills = killing.drive("tests.work.test_in_place:drive_kills", tmp_path, str(number))

    assert int(kills) > 5


def drive_undo_kills(folder: str) -> None:
    """Kill an undo at each write; the next one ends it."""
    path = Path(folder) / "disk"
    make_disk(path)
    pristine = path.read_bytes()

    def renew() -> None:
        path.write_bytes(pristine)
        convert_in_place(path)

    def after() -> None:
        if edits.undo_of(path).exists() or edits.journal_of(path).exists():
            undo(path)
        assert path.read_bytes() == pristine
        assert not edits.journal_of(path).exists()
        renew()

    renew()
    print(killing.kill_at_each_write(lambda: undo(path), after))  # noqa: T201


def test_an_undo_killed_at_every_write(tmp_path: Path) -> None:
    assert int(killing.drive("tests.work.test_in_place:drive_undo_kills", tmp_path)) > 5


def test_nothing_is_lost_of_the_partitions(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk")
    with open_image(tmp_path / "disk") as image:
        before = image.table.partitions

    convert_in_place(tmp_path / "disk")

    with open_image(tmp_path / "disk") as image:
        assert image.table.partitions == before
