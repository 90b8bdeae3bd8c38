from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bootworthy.guest.engines.base import Completed, Invocation
from bootworthy.guest.engines.beneath import DirectoryTree
from bootworthy.guest.engines.sandbox import architecture
from bootworthy.guest.engines.sandbox.architecture import cannot_run
from bootworthy.guest.engines.sandbox.runner import Place, SandboxRunner
from bootworthy.guest.engines.sandbox.traces import place_of, temporary_traces
from bootworthy.model.errors import HostError, InternalError
from bootworthy.model.events import Event, ProgramOutput, ignore
from bootworthy.model.intent import Architecture
from tests.guest.engines.conditions import needs_busybox, needs_root
from tests.guest.memory import Dir, Link, MemoryTree

pytestmark = [needs_root, needs_busybox]


@pytest.fixture
def tree(root_directory: Path) -> Iterator[DirectoryTree]:
    opened = DirectoryTree(os.open(root_directory, os.O_RDONLY | os.O_DIRECTORY), durable=False)
    yield opened
    opened.close()


@pytest.fixture
def runner(tree: DirectoryTree) -> SandboxRunner:
    place = Place(directory=tree.fd, kernel_arguments="root=UUID=1-2 ro")
    return SandboxRunner(tree, place, ignore)


def _sh(runner: SandboxRunner, script: str, *, network: bool = False) -> str:
    done = runner.run(Invocation(argv=("sh", "-c", script), network=network, timeout=60))
    assert done.code == 0, done.output
    return done.output


def _snapshot(directory: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for place in sorted(directory.rglob("*")):
        status = place.lstat()
        found[str(place.relative_to(directory))] = (status.st_mode, status.st_size, status.st_ino)
    return found


def test_a_program_runs_as_root_of_the_guest(runner: SandboxRunner) -> None:
    assert _sh(runner, "id -u; cat /etc/hostname; pwd; umask") == "0\nguest\n/\n0022\n"


def test_exit_codes_are_those_of_a_shell(runner: SandboxRunner) -> None:
    def code(*argv: str) -> int:
        return runner.run(Invocation(argv=argv)).code

    assert code("true") == 0
    assert code("sh", "-c", "exit 7") == 7
    assert code("sh", "-c", "kill -9 $$") == 137
    assert code("nonesuch") == 127
    assert code("/etc/passwd") == 126


def test_output_is_collected_and_told(tree: DirectoryTree) -> None:
    seen: list[Event] = []
    runner = SandboxRunner(tree, Place(directory=tree.fd), seen.append)
    done = runner.run(Invocation(argv=("sh", "-c", "echo out; echo err >&2; printf rest")))
    assert done == Completed(
        argv=("sh", "-c", "echo out; echo err >&2; printf rest"),
        code=0,
        output="out\nerr\nrest",
    )
    assert seen == [ProgramOutput("sh", line) for line in ("out", "err", "rest")]


def test_only_the_end_of_long_output_is_kept(runner: SandboxRunner) -> None:
    output = _sh(runner, "dd if=/dev/zero bs=1024 count=600 2>/dev/null; echo end")
    assert len(output) == 256 << 10
    assert output.endswith("\0end\n")


def test_the_host_name_stays_inside(runner: SandboxRunner) -> None:
    before = socket.gethostname()
    assert _sh(runner, "hostname; hostname evil; hostname") == "localhost\nevil\n"
    assert socket.gethostname() == before


def test_processes_of_the_host_are_not_seen(runner: SandboxRunner) -> None:
    pids = _sh(runner, "cd /proc; ls -d [0-9]*").split()
    assert pids[:2] == ["1", "2"]
    assert len(pids) < 6


def test_without_network_there_is_only_loopback(runner: SandboxRunner) -> None:
    assert _sh(runner, "ls /sys/class/net") == "lo\n"
    listed = _sh(runner, "cat /proc/net/dev | wc -l")
    assert listed == "3\n"


def test_with_network_it_is_the_hosts(runner: SandboxRunner) -> None:
    mine = sorted(name for _, name in socket.if_nameindex())
    seen = _sh(runner, "cat /proc/net/dev", network=True)
    assert all(f"{name}:" in seen for name in mine)


def test_dev_is_the_sandboxs_own(runner: SandboxRunner) -> None:
    listed = _sh(runner, "ls /dev").split()
    assert listed == [
        *("disk", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin"),
        *("stdout", "tty", "urandom", "zero"),
    ]
    assert _sh(runner, "stat -c '%a %F' /dev /dev/null /dev/shm") == (
        "755 directory\n666 character special file\n1777 directory\n"
    )
    assert _sh(runner, "echo lost > /dev/null; cat /dev/null; ls -d /dev/pts/ptmx") == (
        "/dev/pts/ptmx\n"
    )


def test_devices_of_the_host_cannot_be_made(runner: SandboxRunner) -> None:
    done = runner.run(Invocation(argv=("sh", "-c", "mknod /disk b 254 0; cat /disk")))
    assert done.code != 0
    assert "Permission denied" in done.output


def test_the_kernel_is_shown_as_the_guests(runner: SandboxRunner) -> None:
    assert _sh(runner, "cat /proc/cmdline") == "root=UUID=1-2 ro\n"


def test_the_kernels_settings_are_read_only(runner: SandboxRunner) -> None:
    script = "for f in /proc/sys/kernel/panic /sys/kernel/uevent_seqnum; do echo 1 > $f; done"
    done = runner.run(Invocation(argv=("sh", "-c", script)))
    assert done.output.count("Read-only file system") == 2


def test_dangerous_capabilities_are_gone(runner: SandboxRunner) -> None:
    lines = _sh(runner, "grep ^Cap /proc/self/status").splitlines()
    sets = {line.split()[0]: int(line.split()[1], 16) for line in lines}
    # SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_PACCT, SYS_BOOT, SYS_TIME, MAC_*, SYSLOG, WAKE_ALARM,
    # AUDIT_CONTROL, AUDIT_READ, NET_ADMIN, NET_RAW, PERFMON, BPF, DAC_READ_SEARCH
    for number in (16, 17, 19, 20, 22, 25, 32, 33, 34, 35, 30, 37, 12, 13, 38, 39, 2):
        assert not sets["CapBnd:"] >> number & 1, number
    assert sets["CapEff:"] == sets["CapPrm:"] == sets["CapBnd:"]
    for number in (0, 1, 3, 6, 7, 18, 27, 31):  # what dpkg, rpm and dracut use
        assert sets["CapEff:"] >> number & 1, number


def test_nothing_of_ours_is_open_inside(runner: SandboxRunner) -> None:
    listed = _sh(runner, "ls -l /proc/self/fd")
    targets = [line.split(" -> ")[1] for line in listed.splitlines() if " -> " in line]
    assert [t for t in targets if not t.startswith(("pipe:", "/proc/", "/dev/"))] == []


def test_the_environment_is_clean(runner: SandboxRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the user")
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    invocation = Invocation(argv=("env",), environment={"EXTRA": "1", "LANG": "C"})
    variables = dict(line.split("=", 1) for line in runner.run(invocation).output.splitlines())
    assert variables == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "SHELL": "/bin/sh",
        "TERM": "dumb",
        "LANG": "C",
        "DEBIAN_FRONTEND": "noninteractive",
        "DEBCONF_NONINTERACTIVE_SEEN": "true",
        "SYSTEMD_OFFLINE": "1",
        "EXTRA": "1",
    }
    assert "http_proxy=http://proxy:3128" in _sh(runner, "env", network=True)


def test_a_broken_pipe_ends_a_program(runner: SandboxRunner) -> None:
    assert _sh(runner, "(while true; do echo y || exit; done; echo survived >&2) | true") == ""


def test_directories_of_the_host_are_shown_read_only(runner: SandboxRunner, tmp_path: Path) -> None:
    (tmp_path / "repo/pool").mkdir(parents=True)
    (tmp_path / "packages").mkdir()
    (tmp_path / "repo/index").write_text("index")
    (tmp_path / "packages/a.deb").write_text("package")
    mounts = {
        "/run/bootworthy/repo": str(tmp_path / "repo"),
        "/run/bootworthy/repo/pool": str(tmp_path / "packages"),
    }
    script = "cd /run/bootworthy/repo; cat index pool/a.deb; echo x > index; echo x > pool/new"
    done = runner.run(Invocation(argv=("sh", "-c", script), mounts=mounts))
    assert done.output.startswith("indexpackage")
    assert done.output.count("Read-only file system") == 2
    assert [p.name for p in (tmp_path / "packages").iterdir()] == ["a.deb"]


@pytest.mark.parametrize("path", ["/etc", "/run/bootworthy", "/run/bootworthy/../../etc", "x"])
def test_a_directory_is_shown_nowhere_else(runner: SandboxRunner, path: str) -> None:
    with pytest.raises(InternalError):
        runner.run(Invocation(argv=("true",), mounts={path: "/tmp"}))  # noqa: S108 - never read


def test_a_directory_that_is_not_there(runner: SandboxRunner, tmp_path: Path) -> None:
    mounts = {"/run/bootworthy/x": str(tmp_path / "missing")}
    with pytest.raises(HostError) as caught:
        runner.run(Invocation(argv=("true",), mounts=mounts))
    assert caught.value.code == "host-directory-missing"


def test_time_running_out_ends_everything(runner: SandboxRunner, root_directory: Path) -> None:
    mark = f"7{os.getpid()}"
    script = f"sleep {mark} & (trap '' TERM; sleep {mark}) & sleep {mark}"
    with pytest.raises(HostError) as caught:
        runner.run(Invocation(argv=("sh", "-c", script), timeout=1.5))
    assert caught.value.code == "host-program-timeout"
    assert not _running(mark)
    assert _mounts_below(root_directory) == []


def test_what_a_program_leaves_behind_ends_with_it(runner: SandboxRunner) -> None:
    mark = f"8{os.getpid()}"
    start = time.monotonic()
    assert _sh(runner, f"sleep {mark} & echo started") == "started\n"
    assert time.monotonic() - start < 60
    assert not _running(mark)


def _running(word: str) -> list[str]:
    """Processes ``sleep word``."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", word.encode()]:
            found.append(file.parts[2])
    return found


def _comes_true(condition: Callable[[], bool]) -> bool:
    """Whether it holds within a time that a busy machine needs too."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _mounts_below(directory: Path) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if str(directory) in line]


def test_kill_9_ends_everything(root_directory: Path) -> None:
    mark = f"9{os.getpid()}"
    program = textwrap.dedent("""
        import os, sys
        from bootworthy.guest.engines.base import Invocation
        from bootworthy.guest.engines.beneath import DirectoryTree
        from bootworthy.guest.engines.sandbox.runner import Place, SandboxRunner

        def tell(event):
            print(event.line, flush=True)

        tree = DirectoryTree(os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY))
        runner = SandboxRunner(tree, Place(directory=tree.fd), tell)
        runner.run(Invocation(argv=("sh", "-c", f"echo up; sleep {sys.argv[2]} & sleep 600")))
    """)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", program, str(root_directory), mark]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert _comes_true(lambda: bool(_running(mark)))
        process.kill()
    assert _comes_true(lambda: not _running(mark))
    assert _mounts_below(root_directory) == []


_RESOLVERS: dict[str, Mapping[str, str]] = {
    "none": {},
    "file": {"etc/resolv.conf": "nameserver 192.0.2.1\n"},
    "link into /run": {"etc/resolv.conf": "-> ../run/systemd/resolve/stub-resolv.conf"},
    "link through a link": {
        "etc/resolv.conf": "-> resolvconf/run/resolv.conf",
        "etc/resolvconf/run": "-> /run/resolvconf",
    },
    "dangling link": {"etc/resolv.conf": "-> /var/lib/resolver/conf"},
}


@pytest.mark.parametrize("kind", _RESOLVERS)
def test_names_resolve_and_nothing_is_left(
    runner: SandboxRunner, root_directory: Path, kind: str
) -> None:
    for name, content in _RESOLVERS[kind].items():
        place = root_directory / name
        place.parent.mkdir(exist_ok=True)
        if content.startswith("-> "):
            place.symlink_to(content.removeprefix("-> "))
        else:
            place.write_text(content)
    before = _snapshot(root_directory)
    expected = Path("/etc/resolv.conf").read_text(encoding="utf-8")
    assert _sh(runner, "cat /etc/resolv.conf", network=True) == expected
    assert _snapshot(root_directory) == before


def test_services_are_not_started_and_nothing_is_left(
    runner: SandboxRunner, root_directory: Path
) -> None:
    (root_directory / "usr/sbin/invoke-rc.d").write_text("")
    before = _snapshot(root_directory)
    script = "sh /usr/sbin/policy-rc.d; echo $?; test -x /usr/sbin/policy-rc.d && echo executable"
    assert _sh(runner, script) == "101\nexecutable\n"
    assert _snapshot(root_directory) == before


def test_a_policy_of_the_guests_own_is_covered_and_kept(
    runner: SandboxRunner, root_directory: Path
) -> None:
    (root_directory / "usr/sbin/invoke-rc.d").write_text("")
    policy = root_directory / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    assert _sh(runner, "sh /usr/sbin/policy-rc.d; echo $?") == "101\n"
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_without_services_there_is_no_policy(runner: SandboxRunner) -> None:
    assert _sh(runner, "ls /usr/sbin") == ""


def test_nothing_is_left_when_time_runs_out(runner: SandboxRunner, root_directory: Path) -> None:
    (root_directory / "usr/sbin/invoke-rc.d").write_text("")
    before = _snapshot(root_directory)
    with pytest.raises(HostError):
        runner.run(Invocation(argv=("sleep", "600"), network=True, timeout=1))
    assert _snapshot(root_directory) == before


def test_directories_to_mount_on_are_made_and_removed(
    runner: SandboxRunner, root_directory: Path
) -> None:
    for name in ("dev", "proc", "run", "sys", "tmp"):
        (root_directory / name).rmdir()
    before = _snapshot(root_directory)
    assert _sh(runner, "ls -d /proc/1 /dev/null /run/lock") == "/dev/null\n/proc/1\n/run/lock\n"
    assert _snapshot(root_directory) == before


def test_what_is_written_to_tmp_and_run_is_gone(
    runner: SandboxRunner, root_directory: Path
) -> None:
    _sh(runner, "echo x > /tmp/x; echo x > /run/x; echo kept > /var/kept")
    assert (root_directory / "var/kept").read_text() == "kept\n"
    assert list((root_directory / "tmp").iterdir()) == []
    assert list((root_directory / "run").iterdir()) == []


def test_mounts_made_by_the_program_are_its_own(
    runner: SandboxRunner, root_directory: Path
) -> None:
    assert _sh(runner, "mount -t tmpfs x /boot && echo > /boot/inside; ls /boot") == "inside\n"
    assert _mounts_below(root_directory) == []
    assert [p.name for p in (root_directory / "boot").iterdir()] == ["efi"]


def test_a_failed_sandbox_says_why(tree: DirectoryTree, root_directory: Path) -> None:
    (root_directory / "proc").rmdir()
    (root_directory / "proc").write_text("a file")
    runner = SandboxRunner(tree, Place(directory=tree.fd), ignore)
    with pytest.raises(HostError) as caught:
        runner.run(Invocation(argv=("true",)))
    assert caught.value.code == "host-sandbox-failed"
    assert "could not be set up: /proc: " in caught.value.message


# EM_NONE: no kernel starts it, and no emulator is for it.
_OF_NO_MACHINE = (0, bytes(4))


def _elf(machine: int) -> bytes:
    return b"\x7fELF\2\1\1" + bytes(9) + b"\2\0" + machine.to_bytes(2, "little") + bytes(44)


def test_programs_of_another_architecture(
    tree: DirectoryTree, root_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root_directory / "bin/sh").unlink()
    (root_directory / "bin/sh").write_bytes(_elf(183))  # EM_AARCH64
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setitem(architecture._EXIT, Architecture.ARM64, _OF_NO_MACHINE)
    assert cannot_run(tree) == "it is Arm64, and this host is x86_64 without an emulator for it"
    runner = SandboxRunner(tree, Place(directory=tree.fd), ignore)
    assert runner.can_run() == cannot_run(tree)
    assert not runner.native_speed
    with pytest.raises(HostError, match="true of the guest cannot be run: it is Arm64") as caught:
        runner.run(Invocation(argv=("true",)))
    assert caught.value.code == "host-cannot-run-guest"
    assert "qemu-user-static" in caught.value.hint


def test_programs_of_this_architecture(tree: DirectoryTree, runner: SandboxRunner) -> None:
    assert cannot_run(tree) == ""
    assert runner.native_speed


def test_where_a_link_leads_even_if_nothing_is_there() -> None:
    tree = MemoryTree(
        {
            "/etc/resolv.conf": Link("../run/a/b"),
            "/etc/loop": Link("loop"),
            "/etc/up": Link("../../../x"),
            "/usr/lib": Dir(),
            "/lib": Link("usr/lib"),
        }
    )
    assert place_of(tree, "/etc/resolv.conf") == "/run/a/b"
    assert place_of(tree, "/etc/up") == "/x"
    assert place_of(tree, "/lib/missing/file") == "/usr/lib/missing/file"
    assert place_of(tree, "/etc/loop").startswith("/etc/")


def test_what_the_program_made_of_a_temporary_file_stays() -> None:
    tree = MemoryTree({"/etc/passwd": ""})
    with temporary_traces(tree, "nameserver 192.0.2.1\n"):
        assert tree.read("/etc/resolv.conf") == b"nameserver 192.0.2.1\n"
        assert tree.is_dir("/proc")
        tree.write("/etc/resolv.conf", b"the guest's own\n")
    assert tree.read("/etc/resolv.conf") == b"the guest's own\n"
    assert not tree.exists("/proc")
