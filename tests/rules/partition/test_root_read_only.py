from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.partition.root_read_only import check
from tests.rules.healthy import GRUB_CFG, grub_cfg, healthy
from tests.rules.making import findings, subject

OVERLAYS = "overlay /etc overlay rw 0 0\nUUID=2 /var ext4 defaults 0 2\n"


def look(arguments: str, fstab: str = "UUID=1 / ext4 defaults 0 1\n") -> tuple[Finding, ...]:
    files = healthy({GRUB_CFG: grub_cfg(arguments=arguments), "/etc/fstab": fstab})
    return findings(check, subject(files))


@pytest.mark.parametrize(
    "arguments", ["", "usrhash=12ab", "roothash=12ab systemd.volatile=overlay"]
)
def test_a_root_that_can_be_written_passes(arguments: str) -> None:
    assert look(arguments) == ()


def test_a_verified_root_with_places_to_write_passes() -> None:
    assert look("roothash=12ab", f"UUID=1 / ext4 ro 0 1\n{OVERLAYS}") == ()


@pytest.mark.parametrize("argument", ["roothash=12ab", "systemd.verity_root_data=/dev/sda2"])
def test_a_verified_root_alone(argument: str) -> None:
    found, *_ = look(argument)

    assert found.severity is Severity.WARNING
    assert (found.place.path, found.found) == (GRUB_CFG, argument)
    assert "/etc and /var" in found.message


def test_a_root_that_fstab_mounts_read_only() -> None:
    (found,) = look("", "UUID=1 / ext4 ro,noatime 0 1\nUUID=2 /var ext4 defaults 0 2\n")

    assert str(found.place) == "/etc/fstab:1"
    assert found.message.endswith("mounted at /etc")
