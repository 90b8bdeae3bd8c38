from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.steps import AddMountOptions
from bootworthy.rules.partition.mount_missing import check
from tests.guest.engines.disks import MIB, Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import ESP_UUID, ROOT_UUID, healthy
from tests.rules.making import findings, not_applicable, subject

ROOT = f"UUID={ROOT_UUID} / ext4 defaults 0 1\n"
NOWHERE = "00000000-1111-4222-8333-444444444444"


def look(image: Image, *lines: str) -> tuple[Finding, ...]:
    files = healthy({"/etc/fstab": ROOT + "".join(f"{line}\n" for line in lines)})
    return findings(check, subject(files, image=image))


def test_file_systems_of_this_disk_pass(healthy_image: Image) -> None:
    esp = f"UUID={ESP_UUID} /boot/efi vfat umask=0077 0 1"
    assert look(healthy_image, esp, "/dev/sda3 /again ext4 defaults 0 0") == ()


@pytest.mark.parametrize(
    "line",
    [
        "tmpfs /tmp tmpfs defaults 0 0",
        "proc /proc proc hidepid=2 0 0",
        "none /sys/kernel/debug debugfs defaults 0 0",
        "overlay /etc overlay lowerdir=/a,upperdir=/b,workdir=/c 0 0",
        "/srv/data /data none bind 0 0",
        "/root/disk.iso /media iso9660 loop 0 0",
        "/dev/mapper/vg-home /home ext4 defaults 0 2",
        "/dev/disk/by-id/dm-uuid-LVM-abc /home ext4 defaults 0 2",
        "/dev/vg/home /home ext4 defaults 0 2",
        "rpool/home /home zfs defaults 0 0",
        "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0",
        "/dev/vdb1 /data ext4 defaults,nofail 0 2",
        "/dev/vdb1 /data ext4 noauto,x-systemd.automount 0 2",
        "//host/share /share cifs defaults,x-systemd.automount 0 0",
        "LABEL=data /data f2fs defaults 0 2",
        f"UUID={NOWHERE} none swap sw 0 0",
        "/swapfile none swap sw 0 0",
    ],
)
def test_what_does_not_stop_a_boot_passes(healthy_image: Image, line: str) -> None:
    assert look(healthy_image, line) == ()


@pytest.mark.parametrize(
    "spec", [f"UUID={NOWHERE}", "LABEL=data", "/dev/vdb1", "/dev/sdb", "/dev/cdrom"]
)
def test_a_device_that_is_elsewhere(healthy_image: Image, spec: str) -> None:
    (found,) = look(healthy_image, "# data", f"{spec} /data ext4 defaults,noatime 0 2")

    assert found.severity is Severity.ERROR
    assert found.message == f"{spec} for /data is not on this disk"
    assert str(found.place) == "/etc/fstab:3"
    assert found.found == f"{spec} /data ext4 defaults,noatime"
    assert found.fix is not None
    options = ("nofail", "x-systemd.device-timeout=10")
    assert found.fix.steps == (AddMountOptions(lines=(3,), options=options),)


@pytest.mark.parametrize(
    "line",
    [
        "server:/export /data nfs defaults 0 0",
        "//host/share /data cifs credentials=/root/.smb 0 0",
        "user@host:/srv /data fuse.sshfs defaults 0 0",
    ],
)
def test_a_network_may_not_be_there(healthy_image: Image, line: str) -> None:
    (found,) = look(healthy_image, line)

    assert found.severity is Severity.WARNING
    assert found.message.endswith("comes over a network that the machine may not reach")
    assert found.fix is not None
    assert found.fix.safety is Safety.SAFE


def test_a_disk_of_the_network(healthy_image: Image) -> None:
    (found,) = look(healthy_image, "LABEL=iscsi /data ext4 _netdev 0 0")
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    "line",
    [
        "share /data vboxsf defaults 0 0",
        "host0 /data 9p trans=virtio 0 0",
        ".host:/ /data fuse.vmhgfs-fuse defaults 0 0",
    ],
)
def test_folders_of_the_old_host(healthy_image: Image, line: str) -> None:
    (found,) = look(healthy_image, line)

    assert found.severity is Severity.ERROR
    assert found.message.endswith("/data is a folder of the old machine's host")


@pytest.mark.parametrize("place", ["/", "/usr", "/var"])
def test_the_system_itself_is_not_made_optional(healthy_image: Image, place: str) -> None:
    files = healthy({"/etc/fstab": f"UUID={NOWHERE} {place} ext4 defaults 0 1\n"})

    (found,) = findings(check, subject(files, image=healthy_image))

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_volumes_may_hold_it(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, Part(kind="none", size=2 * MIB)))
    disks.make_physical_volume(path, 24 * MIB)

    assert look(opened(path), f"UUID={NOWHERE} /data ext4 defaults 0 2") == ()


def test_a_file_tree_has_no_disk() -> None:
    assert not_applicable(check, subject(healthy())).startswith("there is no disk image")
