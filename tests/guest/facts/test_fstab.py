"""fstab is read as fstab(5) has it; what it names is found in the image."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.facts.fstab import BadLine, FstabEntry, find, parse, read
from bootworthy.model.image import FileSystem, Partition
from tests.guest.memory import MemoryTree

# As Debian's installer writes it.
DEBIAN = """\
# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
# / was on /dev/vda1 during installation
UUID=0a1b2c3d-0000-4000-8000-000000000001 /               ext4    errors=remount-ro 0       1
# swap was on /dev/vda5 during installation
UUID=0a1b2c3d-0000-4000-8000-000000000002 none            swap    sw              0       0
/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0

LABEL=my\\040data /srv/my\\040data\txfs nofail,x-systemd.device-timeout=10
"""


def test_entries() -> None:
    table = parse(DEBIAN)

    assert table.bad == ()
    assert [entry.line for entry in table.entries] == [5, 7, 8, 10]
    assert table.entries[0] == FstabEntry(
        line=5,
        spec="UUID=0a1b2c3d-0000-4000-8000-000000000001",
        mount_point="/",
        type="ext4",
        options=("errors=remount-ro",),
        dump=0,
        fsck_order=1,
    )
    assert [entry.line for entry in table.swap] == [7]


def test_escapes_are_decoded_and_options_found() -> None:
    entry = parse(DEBIAN).entries[3]

    assert (entry.spec, entry.mount_point) == ("LABEL=my data", "/srv/my data")
    assert entry.has("nofail")
    assert entry.has("x-systemd.device-timeout")
    assert not entry.has("x-systemd")
    assert (entry.dump, entry.fsck_order) == (0, 0)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/dev/sda1 /", "2 fields where fstab(5) has 4 to 6"),
        ("/dev/sda1 /my disk ext4 defaults 0 0", "7 fields where fstab(5) has 4 to 6"),
        ("/dev/sda1 / ext4 defaults x 1", "the fifth and sixth field must be numbers"),
        ("/dev/sda1 data ext4 defaults 0 0", "the mount point 'data' is not an absolute path"),
        ("\0\0\0 / ext4 defaults", "a NUL byte: this is not text"),
        ("root:x:0:0:root:/root:/bin/bash", "1 fields where fstab(5) has 4 to 6"),
    ],
)
def test_bad_lines_are_kept_with_what_is_wrong(line: str, problem: str) -> None:
    table = parse(f"# comment\n{line}\n")

    assert table.entries == ()
    assert table.bad == (BadLine(line=2, text=line, problem=problem),)


def test_comments_behind_the_fields_do_not_count() -> None:
    assert parse("/dev/sda1 / ext4 defaults 0 1 # the root\n").entries[0].fsck_order == 1
    assert parse("/dev/sda1 / ext4 defaults # the root\n").entries[0].options == ("defaults",)


def test_quotes_around_a_tag_are_taken_off() -> None:
    assert parse('UUID="1-2" / ext4 defaults\n').entries[0].spec == "UUID=1-2"


def test_a_guest_without_fstab_mounts_nothing() -> None:
    assert read(MemoryTree()).entries == ()


def test_a_binary_fstab_is_one_bad_line() -> None:
    table = read(MemoryTree({"/etc/fstab": b"\0" * 100}))

    assert table.entries == ()
    assert [bad.line for bad in table.bad] == [1]


@pytest.mark.skipif(shutil.which("findmnt") is None, reason="no findmnt to compare with")
def test_fields_are_those_of_findmnt(tmp_path: Path) -> None:
    (tmp_path / "fstab").write_text(DEBIAN)
    argv = ["findmnt", "--tab-file", str(tmp_path / "fstab"), "--noheadings", "--raw"]

    output = subprocess.run(
        [*argv, "-o", "TARGET,FSTYPE,OPTIONS"], capture_output=True, text=True, check=True
    ).stdout

    mine = [
        f"{e.mount_point.replace(' ', chr(92) + 'x20')} {e.type} {','.join(e.options)}"
        for e in parse(DEBIAN).entries
    ]
    assert mine == output.splitlines()


@settings(deadline=None)
@given(st.text(max_size=100))
def test_any_text_is_read(text: str) -> None:
    table = parse(text)

    lines = {entry.line for entry in table.entries} | {bad.line for bad in table.bad}
    assert len(lines) == len(table.entries) + len(table.bad)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)


PARTITIONS = (
    Partition(number=1, start=1 << 20, size=1, type_id="83", name="root", part_uuid="ABCD-01"),
    Partition(number=5, start=2 << 20, size=1, type_id="82", part_uuid="abcd-05"),
)
ROOT = FileSystem(partition=1, start=1 << 20, size=1, kind="ext4", uuid="u-1", label="my root")
SWAP = FileSystem(partition=5, start=2 << 20, size=1, kind="swap", uuid="u-2")
WHOLE = FileSystem(partition=0, start=0, size=1, kind="ext4", uuid="u-3")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("UUID=u-1", ROOT),
        ('UUID="u-1"', ROOT),
        ("UUID=U-1", None),  # udev makes its links in the case blkid prints
        ("UUID=", None),
        ("LABEL=my root", ROOT),
        ("LABEL=", None),
        ("PARTUUID=abcd-01", ROOT),
        ("PARTUUID=abcd-05", SWAP),
        ("PARTLABEL=root", ROOT),
        ("PARTLABEL=", None),
        ("/dev/disk/by-uuid/u-2", SWAP),
        ("/dev/disk/by-label/my\\x20root", ROOT),
        ("/dev/disk/by-partuuid/abcd-01", ROOT),
        ("/dev/disk/by-partlabel/root", ROOT),
        ("/dev/disk/by-id/ata-QEMU_HARDDISK_QM00001-part1", ROOT),
        ("/dev/disk/by-path/pci-0000:00:07.0-scsi-0:0:0:0-part5", SWAP),
        ("/dev/disk/by-id/ata-QEMU_HARDDISK_QM00001", None),
        ("/dev/sda1", ROOT),
        ("/dev/vda5", SWAP),
        ("/dev/xvda1", ROOT),
        ("/dev/hda1", ROOT),
        ("/dev/nvme0n1p1", ROOT),
        ("/dev/mmcblk0p5", SWAP),
        ("/dev/sda", WHOLE),
        ("/dev/sda2", None),
        ("/dev/sdb1", None),
        ("/dev/nvme1n1p1", None),
        ("/dev/mapper/vg-root", None),
        ("//server/share", None),
        ("tmpfs", None),
        ("", None),
    ],
)
def test_what_a_spec_means(spec: str, expected: FileSystem | None) -> None:
    assert find(spec, (ROOT, SWAP, WHOLE), PARTITIONS) == expected
