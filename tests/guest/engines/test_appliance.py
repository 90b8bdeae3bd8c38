from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.guest import kvm
from bootworthy.guest.engines.appliance import launch
from bootworthy.guest.engines.appliance import session as appliance
from bootworthy.guest.engines.appliance.session import ApplianceSession
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.engines.reader.session import ReaderSession
from bootworthy.guest.tree import Kind
from bootworthy.model.errors import HostError
from tests.guest.engines.conditions import needs_busybox, needs_root
from tests.guest.engines.disks import MIB, ROOT_UUID, Part, copy_data, make_disk, write_files

needs_appliance = pytest.mark.skipif(
    launch.why_not() is not None, reason="needs libguestfs and a kernel that can be read"
)


@pytest.fixture(scope="module")
def disk(uefi_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One disk for the whole module, which the sessions here change one after the other."""
    path = tmp_path_factory.mktemp("appliance") / "a disk: odd, name.raw"
    with path.open("wb") as file:
        file.truncate(uefi_template.stat().st_size)
    copy_data(uefi_template, path, 0)
    (path.parent / "capability").write_bytes(_CAPABILITY)
    _debugfs(path, f"ea_set -f {path.parent}/capability /etc/hostname security.capability", "-w")
    return path


# cap_net_bind_service=ep, as the kernel stores it: it has bytes that end a C string.
_CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")


def _debugfs(disk: Path, request: str, *options: str) -> None:
    """Do something to the root file system of the disk, without mounting it."""
    link = disk.parent / "link"  # debugfs reads options out of a name
    link.symlink_to(disk)
    argv = ["debugfs", *options, "-R", request, f"{link}?offset={13 * MIB}"]
    subprocess.run(argv, check=True, capture_output=True)
    link.unlink()


@pytest.fixture(scope="module")
def session(disk: Path) -> Iterator[ApplianceSession]:
    """One appliance for the whole module: starting it takes half a minute when emulated."""
    with open_image(disk) as image, ApplianceSession(image, writable=True) as opened:
        yield opened


def _sh(session: ApplianceSession, script: str, *, network: bool = False) -> str:
    assert session.runner is not None
    done = session.runner.run(Invocation(argv=("sh", "-c", script), network=network, timeout=120))
    assert done.code == 0, done.output
    return done.output


@pytest.mark.appliance
@needs_appliance
class TestWriting:
    """One session, its cases in order."""

    def test_it_is_the_guest(self, session: ApplianceSession) -> None:
        assert session.engine == "appliance"
        assert session.root == "partition 3 (ext4, label a root)"
        assert [m.path for m in session.mounts] == ["/", "/boot", "/boot/efi"]
        assert session.runner is not None
        assert session.runner.native_speed is kvm.works()

    def test_reading(self, session: ApplianceSession) -> None:
        tree = session.tree
        assert tree.read("/boot/grub/grub.cfg") == b"menu"
        assert tree.read("/boot/efi/EFI/BOOT/BOOTX64.EFI") == b"loader"
        assert tree.readlink("/bin/sh") == "busybox"
        assert tree.status("/bin/sh").kind is Kind.FILE
        assert tree.status("/bin/busybox").size == Path("/bin/busybox").stat().st_size
        assert tree.pread_at("/etc/hostname", 3, 1) == b"ues"
        assert tree.listdir("/") == sorted(tree.listdir("/"))
        assert tree.glob("/boot/*/grub.cfg") == ["/boot/grub/grub.cfg"]
        esp = session.esp()
        assert esp is not None
        assert esp.listdir("/EFI") == ["BOOT", "test"]

    def test_errors_are_those_of_linux(self, session: ApplianceSession) -> None:
        tree = session.tree
        with pytest.raises(FileNotFoundError) as missing:
            tree.read("/etc/missing")
        assert missing.value.filename == "/etc/missing"
        with pytest.raises(NotADirectoryError):
            tree.listdir("/etc/passwd")
        with pytest.raises(IsADirectoryError):
            tree.read("/etc")
        with pytest.raises(OSError):
            tree.readlink("/etc/passwd")

    def test_writing(self, session: ApplianceSession) -> None:
        tree = session.writable
        tree.write("/etc/new/file", b"\0\xffbytes", mode=0o640)
        assert tree.read("/etc/new/file") == b"\0\xffbytes"
        assert (tree.status("/etc/new/file").mode, tree.status("/etc/new").mode) == (0o640, 0o755)
        tree.chown("/etc/new/file", 12, 34)
        tree.chmod("/etc/new/file", 0o4751)
        tree.write("/etc/new/file", b"again")
        status = tree.status("/etc/new/file")
        assert (status.mode, status.uid, status.gid, status.size) == (0o4751, 12, 34, 5)
        assert tree.listdir("/etc/new") == ["file"]
        tree.symlink("../etc/new/file", "/boot/link")
        assert tree.readlink("/boot/link") == "../etc/new/file"
        assert tree.read("/boot/link") == b"again"
        tree.remove("/etc/new")
        assert not tree.exists("/etc/new")
        tree.remove("/boot/link")

    def test_a_file_with_a_capability(self, session: ApplianceSession) -> None:
        session.writable.write("/etc/hostname", b"new name\n")
        assert session.tree.read("/etc/hostname") == b"new name\n"

    def test_large_files(self, session: ApplianceSession) -> None:
        content = os.urandom(5 * MIB)
        session.writable.write("/var/large", content)
        assert session.tree.read("/var/large") == content
        session.writable.remove("/var/large")

    def test_the_esp_has_neither_owners_nor_modes(self, session: ApplianceSession) -> None:
        tree = session.writable
        tree.write("/boot/efi/EFI/boot/bootx64.efi", b"new loader")
        tree.chmod("/boot/efi/EFI/BOOT/BOOTX64.EFI", 0o600)
        tree.chown("/boot/efi/EFI/BOOT/BOOTX64.EFI", 1, 1)
        assert tree.read("/boot/efi/EFI/BOOT/BOOTX64.EFI") == b"new loader"
        with pytest.raises(OSError):
            tree.symlink("x", "/boot/efi/link")

    @needs_busybox
    def test_programs(self, session: ApplianceSession, tmp_path: Path) -> None:
        write_files(tmp_path, {"share/file": "shared"})
        script = (
            "id -u; hostname; cat /proc/cmdline /run/bootworthy/share/file; echo; "
            "readlink /dev/disk/by-uuid/" + ROOT_UUID + "; ls /sys/class/net; env | grep OFFLINE; "
            "echo err >&2; echo inside > /boot/made; echo x > /run/x; echo x > /tmp/x; exit 3"
        )
        assert session.runner is not None
        mounts = {"/run/bootworthy/share": str(tmp_path / "share")}
        done = session.runner.run(Invocation(argv=("sh", "-c", script), mounts=mounts))
        assert done.code == 3
        lines = done.output.splitlines()
        assert lines[:4] == ["0", "localhost", f"root=UUID={ROOT_UUID} ro", "shared"]
        assert lines[4].startswith("../../sd")
        assert lines[5:] == ["lo", "SYSTEMD_OFFLINE=1", "err"]
        assert session.tree.read("/boot/made") == b"inside\n"
        assert session.tree.listdir("/run") == []
        assert session.tree.listdir("/tmp") == []  # noqa: S108 - the guest's
        assert session.runner.run_argv("nonesuch").code == 127

    @needs_busybox
    def test_services_are_not_started(self, session: ApplianceSession) -> None:
        session.writable.write("/usr/sbin/invoke-rc.d", b"")
        assert _sh(session, "sh /usr/sbin/policy-rc.d; echo $?") == "101\n"
        assert session.tree.listdir("/usr/sbin") == ["invoke-rc.d"]
        session.writable.remove("/usr/sbin/invoke-rc.d")

    @needs_busybox
    def test_network_is_there_when_asked_for(self, session: ApplianceSession) -> None:
        session.writable.symlink("../run/systemd/resolve/stub-resolv.conf", "/etc/resolv.conf")
        output = _sh(session, "cat /etc/resolv.conf; ls /sys/class/net", network=True)
        assert output.split() == ["nameserver", "169.254.2.3", "eth0", "lo"]
        session.writable.remove("/etc/resolv.conf")

    @needs_busybox
    def test_time_runs_out(self, session: ApplianceSession) -> None:
        assert session.runner is not None
        with pytest.raises(HostError) as caught:
            session.runner.run(Invocation(argv=("sh", "-c", "sleep 900 & sleep 900"), timeout=2))
        assert caught.value.code == "host-program-timeout"
        assert "sleep" not in _sh(session, "ps").replace("sh -c ps", "")

    def test_trim_and_sync(self, session: ApplianceSession) -> None:
        assert session.trim() == 0
        session.sync()

    @needs_busybox
    def test_the_image_has_it_all(self, session: ApplianceSession, disk: Path) -> None:
        session.writable.write("/etc/hostname", b"newest name\n")
        session.writable.write("/boot/efi/EFI/new/loader.efi", b"new loader")
        _sh(session, "echo inside > /boot/made")
        session.sync()
        session.close()
        session.close()
        kept = disk.parent / "kept"
        _debugfs(disk, f"ea_get -f {kept} /etc/hostname security.capability")
        assert kept.read_bytes() == _CAPABILITY
        link = disk.parent / "link"
        link.symlink_to(disk)
        argv = ["e2fsck", "-fn", f"{link}?offset={13 * MIB}"]
        checked = subprocess.run(argv, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stdout
        link.unlink()
        with open_image(disk) as image, ReaderSession(image) as read:
            assert read.tree.read("/boot/made") == b"inside\n"
            assert read.tree.read("/boot/efi/EFI/new/loader.efi") == b"new loader"
            assert read.tree.read("/etc/hostname") == b"newest name\n"


@pytest.mark.appliance
@needs_appliance
@needs_root
def test_a_full_host_is_told(uefi_disk: Path, small_tmpfs: Path) -> None:
    """QEMU stops the machine when a write finds no room; the session must not wait with it."""
    body = small_tmpfs / "disk.raw"
    subprocess.run(["cp", "--sparse=always", str(uefi_disk), str(body)], check=True)
    with open_image(body) as image:
        session = ApplianceSession(image, writable=True)
        room = os.statvfs(small_tmpfs)
        filler = bytes(room.f_bavail * room.f_frsize - MIB)
        (small_tmpfs / "filler").write_bytes(filler)
        with pytest.raises(HostError) as caught:
            _write_and_sync(session, os.urandom(6 * MIB))
        assert caught.value.code == "host-no-space"
        session.close()


def _write_and_sync(session: ApplianceSession, data: bytes) -> None:
    session.writable.write("/big", data)
    session.sync()


@pytest.mark.appliance
@needs_appliance
def test_reading_any_container_without_writing(disk: Path, tmp_path: Path) -> None:
    """QEMU sees plain bytes from our own reader, and keeps its writes to an overlay."""
    packed = tmp_path / "disk.qcow2"
    argv = ["qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", str(disk), str(packed)]
    subprocess.run(argv, check=True)
    before = packed.read_bytes()
    with open_image(packed) as image, ApplianceSession(image, writable=False) as session:
        assert session.tree.read("/boot/grub/grub.cfg") == b"menu"
        assert session.tree.exists("/etc/os-release")
        assert session.runner is None
        with pytest.raises(Exception, match="does not write"):
            _ = session.writable
    assert packed.read_bytes() == before


_MAKE_LVM = textwrap.dedent("""
    import sys, guestfs
    g = guestfs.GuestFS(python_return_dict=True)
    g.add_drive_opts(sys.argv[1], format="raw", cachemode="unsafe")
    g.launch()
    g.pvcreate("/dev/sda2"); g.vgcreate("v-g", ["/dev/sda2"]); g.lvcreate("root", "v-g", 24)
    g.lvcreate("home", "v-g", 12)
    g.mkfs("ext4", "/dev/v-g/root"); g.mkfs("ext4", "/dev/v-g/home", label="home")
    g.mount("/dev/v-g/root", "/"); g.mkdir("/etc"); g.mkdir("/home"); g.mkdir("/boot")
    g.write("/etc/os-release", "ID=lvm\\n")
    g.write("/etc/fstab", "/dev/mapper/v--g-root / ext4 defaults 0 1\\n"
                          "/dev/v-g/home /home ext4 defaults 0 2\\n"
                          "LABEL=boot /boot ext4 defaults 0 2\\n")
    g.mount("/dev/v-g/home", "/home"); g.write("/home/file", "at home")
    g.shutdown(); g.close()
""")


@pytest.mark.appliance
@needs_appliance
def test_a_root_on_lvm(tmp_path: Path) -> None:
    boot = write_files(tmp_path / "boot", {"vmlinuz-1": "kernel"})
    parts = [
        Part(kind="ext4", size=4 * MIB, files=boot, label="boot"),
        Part(kind="", size=48 * MIB, type_id="E6D6D379-F507-44C2-A23C-238F2A3DF928"),
    ]
    path = make_disk(tmp_path / "disk.raw", parts)
    environment = {**os.environ, "LIBGUESTFS_BACKEND": "direct"}
    if not kvm.works():
        environment["LIBGUESTFS_BACKEND_SETTINGS"] = "force_tcg"
    argv = [str(launch.interpreter()), "-c", _MAKE_LVM, str(path)]
    subprocess.run(argv, check=True, env=environment)
    with open_image(path) as image:
        for session in (ReaderSession(image), ApplianceSession(image, writable=False)):
            with session:
                assert session.tree.read("/etc/os-release") == b"ID=lvm\n"
                assert session.tree.read("/home/file") == b"at home"
                assert session.tree.read("/boot/vmlinuz-1") == b"kernel"
                assert [m.path for m in session.mounts] == ["/", "/boot", "/home"]
                assert session.mounts[0].file_system.partition == 2


@pytest.mark.appliance
@needs_appliance
def test_kill_9_leaves_nothing(disk: Path, tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys, tempfile, time
        from bootworthy.disk.image import open_image
        from bootworthy.guest.engines.appliance.session import ApplianceSession

        tempfile.tempdir = sys.argv[2]
        with open_image(sys.argv[1]) as image:
            session = ApplianceSession(image, writable=False)
            print("up", flush=True)
            time.sleep(600)
    """)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", program, str(disk), str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert _processes_with(str(tmp_path))
        process.kill()
    for _ in range(600):
        if not _processes_with(str(tmp_path)) and not list(tmp_path.iterdir()):
            break
        time.sleep(0.05)
    assert _processes_with(str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def _processes_with(word: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if word in line and file.parts[2] != str(os.getpid()):
            found.append(line)
    return found


def test_without_the_binding_the_hint_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_INTERPRETERS", ("/nonesuch",))
    launch.interpreter.cache_clear()
    try:
        missing = launch.why_not()
    finally:
        launch.interpreter.cache_clear()
    assert missing is not None
    assert missing.code == "host-libguestfs-missing"
    assert "python3-guestfs" in missing.hint


def test_a_kernel_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "interpreter", lambda: "/usr/bin/python3")
    monkeypatch.setattr(Path, "glob", lambda *_: [Path("/boot/vmlinuz-6.1")])
    monkeypatch.setattr(os, "access", lambda *_: False)
    missing = launch.why_not()
    assert missing is not None
    assert missing.code == "host-kernel-unreadable"
    assert "chmod 0644" in missing.hint


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("/dev/rl/root", "/dev/mapper/rl-root"),
        ("/dev/v-g/l-v", "/dev/mapper/v--g-l--v"),
        ("/dev/md0", "/dev/mapper/md0"),
    ],
)
def test_names_of_device_mapper(device: str, name: str) -> None:
    assert appliance._mapped(device) == name
