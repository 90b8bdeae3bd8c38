from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.engines.host import session as host
from bootworthy.guest.engines.host.loop import LoopDisk
from bootworthy.guest.engines.host.session import HostSession
from bootworthy.guest.engines.mounting import MountError
from bootworthy.guest.engines.reader.session import ReaderSession, open_file_system
from bootworthy.model.errors import GuestError, HostError
from bootworthy.model.image import FileSystem, Partition
from tests.guest.engines.conditions import (
    loop_devices_of,
    needs_busybox,
    needs_loop,
    needs_mtools,
)
from tests.guest.engines.disks import (
    BOOT_UUID,
    ESP_ID,
    MIB,
    ROOT_UUID,
    Part,
    fstab,
    make_disk,
    make_root,
    write_files,
)

pytestmark = [needs_loop, needs_mtools]


def _gone(path: Path) -> bool:
    for _ in range(200):
        if not loop_devices_of(path):
            return True
        time.sleep(0.05)
    return False


def _check_ext4(path: Path, start: int) -> None:
    argv = ["e2fsck", "-fn", f"{path}?offset={start}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _run(session: HostSession, script: str) -> str:
    done = session.runner.run(Invocation(argv=("sh", "-c", script), timeout=60))
    assert done.code == 0, done.output
    return done.output


def test_writes_reach_the_image(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, HostSession(image) as session:
        assert session.engine == "host"
        assert session.root == "partition 3 (ext4, label a root)"
        assert [m.path for m in session.mounts] == ["/", "/boot", "/boot/efi"]
        session.writable.write("/etc/new", b"root")
        session.writable.write("/boot/grub/grub.cfg", b"new menu")
        session.writable.write("/boot/efi/EFI/boot/BOOTX64.EFI", b"new loader")
        esp = session.esp()
        assert esp is not None
        assert esp.read("/EFI/BOOT/bootx64.efi") == b"new loader"
        session.sync()
    assert _gone(uefi_disk)
    _check_ext4(uefi_disk, 13 * MIB)
    with open_image(uefi_disk) as image, ReaderSession(image) as read:
        assert read.tree.read("/etc/new") == b"root"
        assert read.tree.read("/boot/grub/grub.cfg") == b"new menu"
        assert read.tree.read("/boot/efi/EFI/BOOT/BOOTX64.EFI") == b"new loader"


def test_nothing_is_in_the_mount_table(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, HostSession(image) as session:
        (loop,) = loop_devices_of(uefi_disk)
        assert session.tree.exists("/etc/os-release")
        mounted = Path("/proc/self/mountinfo").read_text()
        assert f"/{loop}" not in mounted
        assert "/proc/self/fd" not in mounted
    assert _gone(uefi_disk)


def test_close_twice(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image:
        session = HostSession(image)
        session.close()
        session.close()
    assert _gone(uefi_disk)


@needs_busybox
def test_programs_see_the_image_as_a_machine_would(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, HostSession(image) as session:
        mounts = dict(
            line.split()[1::-1] for line in _run(session, "cat /proc/mounts").splitlines()
        )
        loop = loop_devices_of(uefi_disk)[0]
        assert mounts["/"] == f"/dev/{loop}p3"
        assert mounts["/boot"] == f"/dev/{loop}p2"
        assert _run(session, "cat /proc/cmdline") == f"root=UUID={ROOT_UUID} ro\n"
        script = "cd /dev/disk; for l in by-uuid/* by-label/*; do echo $l $(readlink $l); done"
        assert _run(session, script).splitlines() == [
            f"by-uuid/{ROOT_UUID} ../../{loop}p3",
            f"by-uuid/{BOOT_UUID} ../../{loop}p2",
            f"by-uuid/{ESP_ID} ../../{loop}p1",
            f"by-label/ESP ../../{loop}p1",
            f"by-label/a\\x20root ../../{loop}p3",
            f"by-label/boot ../../{loop}p2",
        ]
        assert len(_run(session, "ls /dev/disk/by-partuuid").split()) == 3
        assert _run(session, f"dd if=/dev/{loop}p3 bs=1 skip=1080 count=2 2>/dev/null") == "S\ufffd"


@needs_busybox
def test_programs_and_writes_share_the_files(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, HostSession(image) as session:
        session.writable.write("/boot/from-us", b"hello\n")
        assert _run(session, "cat /boot/from-us; echo bye > /boot/from-it") == "hello\n"
        assert session.tree.read("/boot/from-it") == b"bye\n"


@needs_busybox
def test_nothing_lands_under_the_esps_mount_point(uefi_disk: Path) -> None:
    """Either the kernel mounts FAT, or what is there cannot be written."""
    with open_image(uefi_disk) as image, HostSession(image) as session:
        script = "mkdir -p /boot/efi/EFI/new && echo x > /boot/efi/EFI/new/x; true"
        _run(session, script)
        known = "vfat" in Path("/proc/filesystems").read_text().split()
        assert session.tree.exists("/boot/efi/EFI/new/x") is known
    with open_image(uefi_disk) as image:
        boot = next(fs for fs in image.file_systems if fs.partition == 2)
        assert open_file_system(image, boot).listdir("/efi") == []


def test_trim_makes_holes(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, HostSession(image) as session:
        session.writable.write("/big", os.urandom(8 * MIB))
        session.sync()
        full = uefi_disk.stat().st_blocks
        session.writable.remove("/big")
        session.sync()
        assert session.trim() > 8 * MIB
        assert uefi_disk.stat().st_blocks * 512 < full * 512 - 7 * MIB


def test_kill_9_leaves_nothing(uefi_disk: Path) -> None:
    program = textwrap.dedent("""
        import sys, time
        from bootworthy.disk.image import open_image
        from bootworthy.guest.engines.host.session import HostSession

        with open_image(sys.argv[1]) as image:
            session = HostSession(image)
            session.writable.write("/etc/half", b"x" * 3_000_000)
            print("up", flush=True)
            time.sleep(600)
    """)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", program, str(uefi_disk)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert len(loop_devices_of(uefi_disk)) == 1
        process.kill()
    assert _gone(uefi_disk)
    listed = subprocess.run(["losetup", "--list"], capture_output=True, text=True, check=True)
    assert str(uefi_disk) not in listed.stdout
    # What the kernel wrote back when it unmounted is whole.
    _check_ext4(uefi_disk, 13 * MIB)
    with open_image(uefi_disk) as image, ReaderSession(image) as session:
        assert session.tree.read("/etc/os-release").startswith(b"ID=test")


def test_a_full_host_is_told_at_sync(uefi_disk: Path, small_tmpfs: Path) -> None:
    body = small_tmpfs / "disk.raw"
    subprocess.run(["cp", "--sparse=always", str(uefi_disk), str(body)], check=True)
    with open_image(body) as image:
        session = HostSession(image)
        (small_tmpfs / "filler").write_bytes(bytes(_free(small_tmpfs) - 2 * MIB))
        session.writable.write("/big", os.urandom(6 * MIB))
        with pytest.raises(HostError) as caught:
            session.sync()
        session.close()
    assert caught.value.code == "host-no-space"
    assert str(small_tmpfs) in caught.value.message
    assert _gone(body)


def _free(place: Path) -> int:
    room = os.statvfs(place)
    return room.f_bavail * room.f_frsize


def test_a_full_guest_is_the_guests_matter(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image, HostSession(image) as session:
        with pytest.raises(OSError) as caught:
            session.writable.write("/big", bytes(64 * MIB))
        assert caught.value.errno == errno.ENOSPC
        assert not session.tree.exists("/big")
        session.sync()


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_other_file_systems(tmp_path: Path, kind: str) -> None:
    top = write_files(tmp_path / "top", {"etc/os-release": "ID=x\n", "etc/fstab": ""})
    size = {"xfs": 320, "btrfs": 256}[kind] * MIB
    disk = make_disk(tmp_path / "disk.raw", [Part(kind=kind, size=size, files=top)])
    with open_image(disk) as image, HostSession(image) as session:
        session.writable.write("/etc/new", b"x")
        session.sync()
    assert _gone(disk)
    with open_image(disk) as image, ReaderSession(image) as read:
        assert read.tree.read("/etc/new") == b"x"


@needs_busybox
def test_a_root_in_a_subvolume(tmp_path: Path) -> None:
    root = make_root(
        tmp_path / "files/@", {"etc/fstab": "LABEL=b /srv btrfs subvol=@srv 0 0\n", "srv/": ""}
    )
    write_files(tmp_path / "files", {"@srv/data": "served"})
    size = 256 * MIB
    disk = make_disk(tmp_path / "disk.raw", [Part(kind="btrfs", size=size, label="b")])
    place = tmp_path / "mounted"
    place.mkdir()
    subprocess.run(
        ["mount", "-o", f"loop,offset={MIB},sizelimit={size}", str(disk), str(place)], check=True
    )
    for name in ("@", "@srv"):
        subprocess.run(["btrfs", "-q", "subvolume", "create", str(place / name)], check=True)
    subprocess.run(["cp", "-a", f"{root.parent}/.", str(place)], check=True)
    subprocess.run(["umount", str(place)], check=True)
    with open_image(disk) as image, HostSession(image) as session:
        assert session.root == "partition 1 (btrfs, label b), subvolume @"
        assert [m.path for m in session.mounts] == ["/", "/srv"]
        assert session.tree.read("/srv/data") == b"served"
        assert _run(session, "cat /srv/data /etc/hostname; echo x > /srv/new") == "servedguest\n"
        assert session.tree.read("/srv/new") == b"x\n"


def test_a_damaged_file_system(uefi_disk: Path) -> None:
    with open_image(uefi_disk) as image:
        _ = image.file_systems
        with uefi_disk.open("r+b") as file:
            file.seek(13 * MIB + 1024 + 0x18)
            file.write(b"\x1f\0\0\0")
        with pytest.raises(GuestError) as caught:
            HostSession(image)
    assert caught.value.code == "guest-file-system-corrupt"
    assert "partition 3" in caught.value.message
    assert _gone(uefi_disk)


def test_a_kind_the_kernel_lacks(uefi_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(kind: str, *_: object, **__: object) -> int:
        raise MountError(errno.ENODEV, os.strerror(errno.ENODEV), kind)

    monkeypatch.setattr(host, "mount_detached", lacking)
    with open_image(uefi_disk) as image, pytest.raises(HostError) as caught:
        HostSession(image)
    assert caught.value.code == "host-file-system-unsupported"
    assert "--engine appliance" in caught.value.hint
    assert _gone(uefi_disk)


def test_only_root_may(uefi_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with open_image(uefi_disk) as image, pytest.raises(HostError) as caught:
        HostSession(image)
    assert caught.value.code == "host-needs-root"


def test_two_copies_of_one_image_at_once(tmp_path: Path) -> None:
    """The same UUID twice, which XFS refuses when it is not told otherwise."""
    top = write_files(tmp_path / "top", {"etc/os-release": "ID=x\n"})
    first = make_disk(tmp_path / "one.raw", [Part(kind="xfs", size=320 * MIB, files=top)])
    second = tmp_path / "two.raw"
    subprocess.run(["cp", "--sparse=always", str(first), str(second)], check=True)
    with (
        open_image(first) as one,
        open_image(second) as two,
        HostSession(one) as a,
        HostSession(two) as b,
    ):
        a.writable.write("/which", b"one")
        b.writable.write("/which", b"two")
        assert a.tree.read("/which") == b"one"
    assert _gone(first)
    assert _gone(second)


def test_loop_partitions_are_those_we_read(tmp_path: Path) -> None:
    """Logical partitions keep their numbers; the extended one around them is left out."""
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(64 * MIB)
    table = "label: dos\nstart=2048,size=20480\nstart=22528,type=5\nstart=24576,size=20480\n"
    subprocess.run(["sfdisk", "-q", str(disk)], input=table, text=True, check=True)
    with open_image(disk) as image:
        partitions = image.table.partitions
    with disk.open("r+b") as body, LoopDisk(body.fileno(), partitions) as loop:
        assert [device.partition for device in loop.devices] == [0, 1, 5]
        name = loop.devices[0].name
        assert loop.device(_on(5)).name == f"{name}p5"
        start = Path(f"/sys/block/{name}/{name}p5/start").read_text()
        assert start == "24576\n"
        assert Path(loop.path(_on(1))).is_block_device()
    assert _gone(disk)


def _on(partition: int) -> FileSystem:
    return FileSystem(partition=partition, start=MIB, size=MIB, kind="ext4")


def test_a_partition_beyond_the_end_is_refused(tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(4 * MIB)
    beyond = Partition(number=1, start=MIB, size=1 << 40, type_id="83")
    with disk.open("r+b") as body, pytest.raises(HostError) as caught:
        LoopDisk(body.fileno(), [beyond])
    assert caught.value.code == "host-loop-unavailable"
    assert _gone(disk)


def test_many_loop_disks_at_once(tmp_path: Path) -> None:
    """As many processes do: each gets a device of its own."""
    files = []
    disks = []
    try:
        for number in range(6):
            path = tmp_path / f"{number}.raw"
            path.write_bytes(bytes(MIB))
            files.append(path.open("r+b"))
            disks.append(LoopDisk(files[-1].fileno(), []))
        assert len({disk.devices[0].name for disk in disks}) == 6
    finally:
        for disk in disks:
            disk.close()
        for file in files:
            file.close()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("plain-1.2:x", "plain-1.2:x"),
        ("a root", "a\\x20root"),
        ("../../etc", "..\\x2f..\\x2fetc"),
        ("ünï", "ünï"),
        ("\udce9", "\\xe9"),
    ],
)
def test_names_as_udev_makes_them(value: str, name: str) -> None:
    assert host._encoded(value) == name


def test_a_guest_without_fstab(tmp_path: Path) -> None:
    top = write_files(tmp_path / "top", {"etc/os-release": "ID=x\n"})
    disk = make_disk(tmp_path / "disk.raw", [Part(kind="ext4", size=8 * MIB, files=top)])
    with open_image(disk) as image, HostSession(image) as session:
        assert [m.path for m in session.mounts] == ["/"]
        assert session.esp() is None
    assert fstab() == f"UUID={ROOT_UUID} / ext4 defaults 0 1\n"
