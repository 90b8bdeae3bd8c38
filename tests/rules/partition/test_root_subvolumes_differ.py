from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.partition.root_subvolumes_differ import check
from tests.rules.healthy import GRUB_CFG, grub_cfg, healthy
from tests.rules.making import findings, subject


def look(booted: str, mounted: str) -> tuple[Finding, ...]:
    changes = {
        GRUB_CFG: grub_cfg(arguments=booted),
        "/etc/fstab": f"UUID=1 / btrfs {mounted} 0 0\n",
    }
    return findings(check, subject(healthy(changes)))


@pytest.mark.parametrize(
    ("booted", "mounted"),
    [
        ("", "subvol=@"),
        ("rootflags=subvol=@", "defaults"),
        ("rootflags=subvol=/@", "compress=zstd,subvol=@"),
        ("rootflags=noatime,subvol=@", "subvol=@"),
    ],
)
def test_one_subvolume_passes(booted: str, mounted: str) -> None:
    assert look(booted, mounted) == ()


def test_two_subvolumes() -> None:
    (found,) = look("rootflags=subvol=@/.snapshots/7/snapshot", "subvol=@")

    assert found.severity is Severity.NOTE
    assert found.place.path == GRUB_CFG
    assert found.expected == "rootflags=subvol=@"
