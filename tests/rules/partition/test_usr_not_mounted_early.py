from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.partition.usr_not_mounted_early import check
from tests.rules.healthy import GRUB_CFG, INITRAMFS, grub_cfg, healthy, initramfs
from tests.rules.making import Entry, findings, subject

DRACUT = "lib/dracut/build-parameter.txt"
HOOK = "lib/dracut/hooks/pre-pivot/50-mount-usr.sh"
GENERATOR = "usr/lib/systemd/system-generators/systemd-fstab-generator"


def look(device: str, *names: str, arguments: str = "") -> tuple[Finding, ...]:
    changes: dict[str, Entry | None] = {
        "/etc/fstab": f"UUID=1 / ext4 defaults 0 1\n{device} /usr ext4 defaults 0 2\n",
        INITRAMFS: initramfs(files=dict.fromkeys(names, "")),
        GRUB_CFG: grub_cfg(arguments=arguments),
    }
    return findings(check, subject(healthy(changes)))


def test_a_root_of_one_piece_passes() -> None:
    files = healthy({INITRAMFS: initramfs(files={DRACUT: ""})})
    assert findings(check, subject(files)) == ()


@pytest.mark.parametrize("name", [HOOK, GENERATOR])
def test_an_initramfs_that_mounts_it_passes(name: str) -> None:
    assert look("UUID=2", DRACUT, name) == ()


def test_initramfs_tools_mounts_it_always() -> None:
    assert look("UUID=2") == ()


def test_an_initramfs_that_does_not() -> None:
    (found,) = look("UUID=2", DRACUT)

    assert found.severity is Severity.WARNING
    assert found.place.path == INITRAMFS
    assert found.found.startswith("/usr on UUID=2")


@pytest.mark.parametrize("device", ["/dev/mapper/r--l-usr", "/dev/r-l/usr"])
def test_a_volume_that_is_not_activated(device: str) -> None:
    (found,) = look(device, DRACUT, HOOK, arguments="rd.lvm.lv=r-l/root")
    assert found.place.path == GRUB_CFG

    assert look(device, DRACUT, HOOK, arguments="rd.lvm.lv=r-l/root rd.lvm.lv=r-l/usr") == ()
    assert look(device, DRACUT, HOOK) == ()


def test_a_partition_is_no_volume() -> None:
    assert look("/dev/disk/by-uuid/2", HOOK, arguments="rd.lvm.lv=rl/root") == ()
