from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.initramfs.lvm_not_inside import check
from tests.rules.healthy import INITRAMFS, healthy, initramfs
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def volume(root: str, *names: str) -> dict[str, Entry | None]:
    return {
        "/etc/fstab": f"{root} / ext4 defaults 0 1\n",
        INITRAMFS: initramfs(files=dict.fromkeys(names, "x")),
    }


@pytest.mark.parametrize("name", ["sbin/lvm", "usr/sbin/lvm", "usr/bin/lvm"])
@pytest.mark.parametrize("root", ["/dev/mapper/rl-root", "/dev/rl/root"])
def test_lvm_inside_passes(root: str, name: str) -> None:
    assert look(volume(root, name)) == ()


@pytest.mark.parametrize("root", ["UUID=x", "/dev/sda1", "/dev/disk/by-uuid/x", "LABEL=root"])
def test_a_root_on_a_partition_needs_none(root: str) -> None:
    assert look(volume(root)) == ()


@pytest.mark.parametrize("root", ["/dev/mapper/rl-root", "/dev/rl/root"])
def test_without_lvm_the_root_is_never_found(root: str) -> None:
    (found,) = look(volume(root, "etc/lvm/lvm.conf"))

    assert (found.severity, found.place.path) == (Severity.ERROR, INITRAMFS)
    assert root in found.message
    assert found.fix is not None
