from __future__ import annotations

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.rules.partition.fstab_broken import check
from tests.rules.healthy import ROOT_UUID, healthy
from tests.rules.making import findings, subject

ROOT = f"UUID={ROOT_UUID} / ext4 defaults 0 1\n"


def look(line: str, image: Image | None = None) -> tuple[Finding, ...]:
    files = healthy({"/etc/fstab": ROOT + line + "\n"})
    return findings(check, subject(files, image=image))


def test_whole_lines_pass() -> None:
    assert findings(check, subject(healthy())) == ()
    assert look("# a comment\n\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0") == ()
    assert look("tmpfs /tmp tmpfs defaults") == ()


def test_no_table_is_fine() -> None:
    assert findings(check, subject(healthy({"/etc/fstab": None}))) == ()


@pytest.mark.parametrize("line", ["junk", "/dev/vdb1 data ext4 defaults 0 0", "a b c d e f g"])
def test_a_line_that_systemd_passes_over_is_a_warning(healthy_image: Image, line: str) -> None:
    (found,) = look(line, healthy_image)

    assert found.severity is Severity.WARNING
    assert found.message.startswith("line 2 of fstab is not an entry: ")
    assert str(found.place) == "/etc/fstab:2"
    assert found.found == line
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


@pytest.mark.parametrize(
    "line",
    [
        "/dev/vdb1 /data ext4 defaults, noatime 0 2",
        "/dev/vdb1 /data",
        "LABEL=data /data ext4 defaults 0 2 often",
    ],
)
def test_a_line_whose_device_systemd_waits_for_in_vain(healthy_image: Image, line: str) -> None:
    (found,) = look(line, healthy_image)
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize(
    "line",
    [
        f"UUID={ROOT_UUID} /srv ext4 defaults 0 2 often",
        "/dev/vdb1 /data ext4 defaults,nofail 0 2 often",
        "/dev/mapper/vg-data /data ext4 defaults 0 2 often",
    ],
)
def test_a_line_whose_device_is_there_or_not_waited_for(healthy_image: Image, line: str) -> None:
    (found,) = look(line, healthy_image)
    assert found.severity is Severity.WARNING


def test_without_a_disk_nobody_knows_the_devices() -> None:
    (found,) = look("/dev/vdb1 /data")
    assert found.severity is Severity.WARNING


def test_a_table_that_is_no_text() -> None:
    (found,) = findings(check, subject(healthy({"/etc/fstab": b"\x7fELF\0\0\xff"})))
    assert found.severity is Severity.ERROR


def test_long_lines_are_cut() -> None:
    (found,) = look("x" * 5000)
    assert len(found.found) == 200
