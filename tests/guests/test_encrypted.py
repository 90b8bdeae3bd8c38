"""Encrypted volumes of cryptsetup itself: a root is refused with a hint, data is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.guest.engines.select import open_guest_session
from tests.cli.command import bootworthy
from tests.guests import encrypted
from tests.guests.small import Maker

pytestmark = pytest.mark.guest


@pytest.mark.parametrize("make", [encrypted.luks1, encrypted.luks2, encrypted.luks_on_lvm])
def test_an_encrypted_root_is_refused_with_a_hint(make: Maker, tmp_path: Path) -> None:
    image = make(tmp_path / "image")
    before = image.read_bytes()

    for done in (
        bootworthy("check", image),
        bootworthy("prepare", image, "-o", tmp_path / "out.vhd", "--trust-image"),
    ):
        assert (done.status, done.code) == (3, "guest-encrypted-root"), done.err
        assert "is encrypted" in done.err
        assert "decrypt the image first" in done.hint
    assert image.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_encrypted_data_beside_a_root_is_left_alone(tmp_path: Path) -> None:
    image = encrypted.encrypted_data(tmp_path / "image")
    done = bootworthy("check", image, "--json")
    assert done.status == 1
    assert json.loads(done.out)["guest"]["distribution"] == "debian"

    with (
        open_image(image) as disk,
        open_guest_session(disk, engine="host", writable=True, trust_image=True) as session,
    ):
        assert [mount.path for mount in session.mounts] == ["/"]
        session.writable.write_text("/etc/motd", "changed\n")
    with open_image(image) as disk:
        assert [item.kind for item in disk.file_systems] == ["ext4", "crypto_LUKS"]
