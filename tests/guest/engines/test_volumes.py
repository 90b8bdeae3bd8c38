"""A Linux in logical volumes, for the engines that have no device-mapper."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.guest.engines.host.session import HostSession
from bootworthy.guest.engines.reader.session import ReaderSession
from bootworthy.model.errors import GuestError
from tests.guests.disk import (
    FIRST_EXTENT,
    MIB,
    SECTOR,
    make_empty,
    make_ext4,
    make_volume_group,
    partition,
)
from tests.guests.small import linux_files
from tests.guests.tree import put

pytestmark = pytest.mark.guest

_START, _SIZE = MIB, 48 * MIB
_ROOT = (_START + FIRST_EXTENT, 24 * MIB)
_SRV = (_ROOT[0] + _ROOT[1], 16 * MIB)
_ROOT_UUID = "10000000-1111-4222-8333-444444444444"
_SRV_UUID = "20000000-1111-4222-8333-444444444444"
_FSTAB = (
    "/dev/mapper/web01--vg-root / ext4 defaults 0 1\n/dev/web01-vg/srv /srv ext4 defaults 0 2\n"
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A volume group with / and /srv."""
    image = tmp_path / "disk.raw"
    make_empty(image, _START + _SIZE)
    partition(image, f"label: dos\nstart={_START // SECTOR}, type=8e\n")
    volumes = {"root": _ROOT[1], "srv": _SRV[1]}
    make_volume_group(image, offset=_START, size=_SIZE, group="web01-vg", volumes=volumes)
    for (offset, size), uuid, files in (
        (_ROOT, _ROOT_UUID, {**linux_files(), "etc/fstab": _FSTAB, "srv/.hidden": ""}),
        (_SRV, _SRV_UUID, {"data": "kept"}),
    ):
        tree = tmp_path / uuid
        tree.mkdir()
        for name, content in files.items():
            put(tree, name, content)
        make_ext4(image, offset=offset, size=size, tree=tree, uuid=uuid)
    return image


def test_the_reader_finds_root_and_what_fstab_mounts(image: Path) -> None:
    with open_image(image) as disk, ReaderSession(disk) as session:
        assert [mount.path for mount in session.mounts] == ["/", "/srv"]
        assert session.mounts[0].file_system.uuid == _ROOT_UUID
        assert session.tree.text("/srv/data") == "kept"


def test_the_host_engine_writes_and_runs_in_them(image: Path) -> None:
    with open_image(image) as disk, HostSession(disk) as session:
        session.writable.write_text("/srv/data", "changed")
        session.writable.write_text("/etc/hostname", "web02\n")
        session.sync()
    with open_image(image) as disk, ReaderSession(disk) as session:
        assert session.tree.text("/srv/data") == "changed"
        assert session.tree.text("/etc/hostname") == "web02\n"


def test_volumes_that_need_device_mapper_are_left_to_the_appliance(image: Path) -> None:
    with image.open("r+b") as disk:
        # The description is damaged: its checksum no longer holds.
        disk.seek(_START + 4096 + 512)
        start = disk.tell()
        text = os.pread(disk.fileno(), 64 << 10, start).replace(b"striped", b"mirrore")
        disk.write(text)
    with open_image(image) as opened, pytest.raises(GuestError) as caught:
        ReaderSession(opened)
    assert caught.value.code == "guest-file-system-unsupported"
    assert "appliance" in caught.value.hint
