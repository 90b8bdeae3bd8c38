from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.engines.directory import DirectorySession
from bootworthy.guest.engines.select import open_directory_session
from bootworthy.guest.tree import WritableTree
from bootworthy.model.errors import GuestError, HostError, InternalError, UsageError
from bootworthy.model.events import Event, ProgramOutput
from tests.guest.engines.conditions import needs_busybox, needs_root
from tests.guest.engines.disks import write_files


def test_a_directory_is_read(root_directory: Path) -> None:
    with open_directory_session(str(root_directory), writable=False) as session:
        assert session.engine == "directory"
        assert session.root == str(root_directory)
        assert session.mounts == ()
        assert session.tree.read("/etc/hostname") == b"guest\n"
        assert session.runner is None
        assert not isinstance(session.tree, WritableTree)
        with pytest.raises(InternalError):
            _ = session.writable


def test_a_directory_is_written(root_directory: Path) -> None:
    with open_directory_session(str(root_directory), writable=True) as session:
        session.writable.write("/etc/new", b"x")
        session.sync()
        assert session.trim() == 0
    assert (root_directory / "etc/new").read_bytes() == b"x"


@needs_root
@needs_busybox
def test_programs_of_a_directory_run_in_it(root_directory: Path) -> None:
    (root_directory / "etc/fstab").write_text("LABEL=x / ext4 defaults 0 1\n")
    with DirectorySession(str(root_directory), writable=True) as session:
        assert session.runner is not None
        assert session.runner.can_run() == ""
        assert session.runner.native_speed
        done = session.runner.run_argv("cat", "/etc/hostname", "/proc/cmdline")
        assert (done.code, done.output) == (0, "guest\nroot=LABEL=x ro\n")


@pytest.mark.parametrize("place", ["efi", "boot/efi", "boot"])
def test_the_esp_is_where_it_is_mounted(root_directory: Path, place: str) -> None:
    write_files(root_directory / place, {"EFI/BOOT/BOOTX64.EFI": "loader"})
    with DirectorySession(str(root_directory), writable=True) as session:
        esp = session.esp()
        assert isinstance(esp, WritableTree)
        assert esp.read("/EFI/BOOT/BOOTX64.EFI") == b"loader"
        assert esp.resolve("/../../etc") == "/etc"


def test_without_an_esp_there_is_none(root_directory: Path) -> None:
    with DirectorySession(str(root_directory), writable=False) as session:
        assert session.esp() is None


def test_what_is_not_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "missing"):
        with pytest.raises(UsageError) as caught:
            DirectorySession(str(tmp_path / name), writable=False)
        assert caught.value.code == "root-not-a-directory"


def test_a_directory_without_linux(tmp_path: Path) -> None:
    with pytest.raises(GuestError) as caught:
        DirectorySession(str(tmp_path), writable=False)
    assert caught.value.code == "guest-not-found"


def test_this_machine_is_a_guest() -> None:
    with DirectorySession("/", writable=False) as session:
        assert session.tree.is_file("/etc/os-release")
        assert session.tree.text("/proc/self/comm").strip() != ""


@pytest.mark.parametrize("path", ["/proc", "/sys", "/dev", "/run"])
def test_no_walk_of_this_machine_enters_the_kernels_directories(path: str) -> None:
    with DirectorySession("/", writable=False) as session:
        assert session.tree.is_dir(path)
        assert session.tree.listdir(path) == []
        assert session.tree.glob(f"{path}/*") == []
        assert list(session.tree.walk(path)) == []
    assert list(Path(path).iterdir()) != []


def test_in_another_root_those_directories_are_ordinary(root_directory: Path) -> None:
    (root_directory / "run/file").write_text("")
    with DirectorySession(str(root_directory), writable=False) as session:
        assert session.tree.listdir("/run") == ["file"]


@pytest.fixture
def living() -> DirectorySession:
    """This machine; nothing is written."""
    return DirectorySession("/", writable=True)


def test_programs_of_this_machine_just_run(
    living: DirectorySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of the user")
    assert living.runner is not None
    done = living.runner.run_argv("sh", "-c", "echo $0 $SECRET $SYSTEMD_OFFLINE $LANG; exit 3")
    assert (done.code, done.output) == (3, "sh C.UTF-8\n")
    assert living.runner.run_argv("no-such-program").code == 127
    assert living.runner.run_argv("sh", "-c", "kill -9 $$").code == 137
    living.close()


def test_their_output_is_told() -> None:
    seen: list[Event] = []
    session = DirectorySession("/", writable=True, observer=seen.append)
    assert session.runner is not None
    session.runner.run_argv("sh", "-c", "echo a; echo b >&2")
    assert seen == [ProgramOutput("sh", "a"), ProgramOutput("sh", "b")]
    session.close()


def test_time_runs_out_on_this_machine_too(living: DirectorySession) -> None:
    assert living.runner is not None
    with pytest.raises(HostError) as caught:
        living.runner.run(Invocation(argv=("sh", "-c", "sleep 60 & sleep 60"), timeout=0.5))
    assert caught.value.code == "host-program-timeout"
    living.close()


@needs_root
def test_directories_are_shown_to_one_program_alone(
    living: DirectorySession, tmp_path: Path
) -> None:
    write_files(tmp_path, {"repo/index": "index", "repo/pool/": "", "packages/a.deb": "package"})
    mounts = {
        "/run/bootworthy/repo": str(tmp_path / "repo"),
        "/run/bootworthy/repo/pool": str(tmp_path / "packages"),
    }
    assert living.runner is not None
    script = "cat /run/bootworthy/repo/index /run/bootworthy/repo/pool/a.deb; ls /run/bootworthy"
    done = living.runner.run(Invocation(argv=("sh", "-c", script), mounts=mounts))
    assert done.output == "indexpackagerepo\n"
    assert not Path("/run/bootworthy").exists()
    living.close()


def test_close_twice(root_directory: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - how many, not which
    session = DirectorySession(str(root_directory), writable=True)
    session.close()
    session.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - how many, not which
