from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.guest.engines import syscalls
from bootworthy.guest.engines.beneath import DirectoryTree, ReadOnlyDirectoryTree
from bootworthy.guest.tree import Kind
from tests.guest.engines.conditions import needs_root


def _tree(directory: Path) -> DirectoryTree:
    return DirectoryTree(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))


@pytest.fixture(params=["openat2", "step by step"])
def tree(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DirectoryTree]:
    """A tree of an empty directory, as kernels with and without openat2 open it."""
    if request.param != "openat2":
        monkeypatch.setattr(syscalls, "has_openat2", lambda: False)
    elif not syscalls.has_openat2():
        pytest.skip("no openat2 here")
    (tmp_path / "root").mkdir()
    opened = _tree(tmp_path / "root")
    yield opened
    opened.close()


def test_reads_what_is_there(tree: DirectoryTree, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(mode=0o750)
    (root / "etc/passwd").write_bytes(b"root")
    (root / "etc/link").symlink_to("passwd")
    os.mkfifo(root / "etc/fifo")
    os.utime(root / "etc/passwd", (5, 1_600_000_000))
    assert tree.status("/etc").kind is Kind.DIRECTORY
    assert tree.status("/etc").mode == 0o750
    status = tree.status("/etc/link")
    assert (status.kind, status.size, status.mtime) == (Kind.FILE, 4, 1_600_000_000)
    assert tree.link_status("/etc/link").kind is Kind.LINK
    assert tree.kind("/etc/fifo") is Kind.OTHER
    assert tree.listdir("/etc") == ["fifo", "link", "passwd"]
    assert tree.pread_at("/etc/passwd", 2, 1) == b"oo"
    assert tree.lstat_at("/").kind is Kind.DIRECTORY


def test_names_of_any_bytes(tree: DirectoryTree, tmp_path: Path) -> None:
    (tmp_path / "root" / os.fsdecode(b"caf\xe9")).write_text("x")
    (tmp_path / "root/link").symlink_to(os.fsdecode(b"caf\xe9"))
    assert tree.listdir("/") == ["caf\udce9", "link"]
    assert tree.readlink("/link") == "caf\udce9"
    assert tree.read("/link") == b"x"


def test_no_link_is_followed_outside(tree: DirectoryTree, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the host")
    root = tmp_path / "root"
    (root / "absolute").symlink_to(tmp_path / "secret")
    (root / "relative").symlink_to("../secret")
    (root / "directory").symlink_to("..")
    (root / "magic").symlink_to("/proc/self/cwd/secret")
    for path in ("/absolute", "/relative", "/directory/secret", "/magic", "/../secret"):
        with pytest.raises(FileNotFoundError):
            tree.read(path)
    assert tree.resolve("/directory") == "/"


@pytest.mark.parametrize("path", ["/link/passwd", "/link"])
def test_primitives_refuse_a_link_on_the_way(
    tree: DirectoryTree, tmp_path: Path, path: str
) -> None:
    (tmp_path / "root/etc").mkdir()
    (tmp_path / "root/etc/passwd").write_text("x")
    (tmp_path / "root/link").symlink_to("etc")
    refusals = {errno.ELOOP, errno.ENOTDIR}
    for act in (
        lambda: tree.pread_at(path, 1, 0),
        lambda: tree.listdir_at(path),
        lambda: tree.write_at(f"{path}/new", b"", 0o644),
        lambda: tree.mkdir_at(f"{path}/new", 0o755),
        lambda: tree.unlink_at(f"{path}/passwd"),
    ):
        with pytest.raises(OSError) as caught:
            act()
        assert caught.value.errno in refusals
    assert os.listdir(tmp_path / "root/etc") == ["passwd"]  # noqa: PTH208 - names are enough


def test_a_race_with_links_leads_nowhere(tree: DirectoryTree, tmp_path: Path) -> None:
    """Somebody swaps a directory for a link to the outside, over and over."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("host")
    root = tmp_path / "root"
    (root / "real").mkdir()
    (root / "real/file").write_text("guest")
    (root / "evil").symlink_to(outside)
    (root / "dir").mkdir()
    (root / "dir/file").write_text("guest")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for target in ("evil", "real"):
                (root / "next").symlink_to(target)
                (root / "dir").rename(root / "old")
                (root / "next").rename(root / "dir")
                (root / "dir").rename(root / "gone")
                (root / "old").rename(root / "dir")
                (root / "gone").unlink()

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = set()
        for _ in range(3000):
            try:
                seen.add(tree.read("/dir/file"))
                tree.write_at("/dir/file", b"guest", 0o644)
            except OSError:
                continue
    finally:
        stop.set()
        thread.join()
    assert seen == {b"guest"}
    assert (outside / "file").read_text() == "host"
    assert [p.name for p in outside.iterdir()] == ["file"]


def test_a_fifo_does_not_make_us_wait(tree: DirectoryTree, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "root/fifo")
    with pytest.raises(OSError) as caught:
        tree.pread_at("/fifo", 1, 0)
    assert caught.value.errno in {errno.EINVAL, errno.ENXIO}
    with pytest.raises(OSError):
        tree.chmod("/fifo", 0o600)


def test_a_new_file_has_the_mode_asked_for(tree: DirectoryTree, tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        tree.write("/etc/new", b"x", mode=0o664)
    finally:
        os.umask(umask)
    assert tree.status("/etc/new").mode == 0o664
    assert tree.status("/etc").mode == 0o755
    assert [p.name for p in (tmp_path / "root/etc").iterdir()] == ["new"]


@needs_root
def test_a_replaced_file_keeps_what_it_was(tree: DirectoryTree, tmp_path: Path) -> None:
    file = tmp_path / "root/tool"
    file.write_bytes(b"old")
    os.chown(file, 12, 34)
    file.chmod(0o4751)
    label = b"system_u:object_r:shadow_t:s0\0"
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    os.setxattr(file, "security.selinux", label)
    os.setxattr(file, "security.capability", capability)
    os.setxattr(file, "user.note", b"kept")
    before = file.stat().st_ino
    tree.write("/tool", b"new")
    after = file.stat()
    assert (after.st_uid, after.st_gid, after.st_mode & 0o7777) == (12, 34, 0o4751)
    assert after.st_ino != before
    assert os.getxattr(file, "security.selinux") == label
    assert os.getxattr(file, "security.capability") == capability
    assert os.getxattr(file, "user.note") == b"kept"
    assert file.read_bytes() == b"new"


@needs_root
def test_a_replaced_file_keeps_its_access_list(tree: DirectoryTree, tmp_path: Path) -> None:
    file = tmp_path / "root/shared"
    file.write_bytes(b"old")
    # acl(5) as stored: version 2; owner rw, user 7 r, group r, mask r, others none.
    entries = [(1, 6, 0xFFFFFFFF), (2, 4, 7), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF)]
    entries.append((32, 0, 0xFFFFFFFF))
    acl = (2).to_bytes(4, "little")
    for tag, bits, who in entries:
        acl += tag.to_bytes(2, "little") + bits.to_bytes(2, "little") + who.to_bytes(4, "little")
    os.setxattr(file, "system.posix_acl_access", acl)
    tree.write("/shared", b"new")
    assert os.getxattr(file, "system.posix_acl_access") == acl


@needs_root
def test_new_things_belong_to_root(tmp_path: Path) -> None:
    os.chown(tmp_path, 1000, 1000)
    tmp_path.chmod(0o2777)  # new entries take the group of such a directory
    tree = _tree(tmp_path)
    tree.write("/d/f", b"")
    assert [(tree.status(p).uid, tree.status(p).gid) for p in ("/d", "/d/f")] == [(0, 0), (0, 0)]
    tree.close()


def test_a_failed_write_leaves_the_old_file(
    tree: DirectoryTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root/conf").write_text("old")

    def full(_fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError) as caught:
        tree.write("/conf", b"new")
    monkeypatch.undo()
    assert caught.value.errno == errno.ENOSPC
    assert (tmp_path / "root/conf").read_text() == "old"
    assert [p.name for p in (tmp_path / "root").iterdir()] == ["conf"]


def test_links_directories_and_removal(tree: DirectoryTree) -> None:
    tree.symlink("../a/b", "/etc/link")
    assert tree.readlink("/etc/link") == "../a/b"
    tree.symlink("other", "/etc/link")
    assert tree.readlink("/etc/link") == "other"
    with pytest.raises(OSError) as caught:
        tree.rmdir_at("/etc")
    assert caught.value.errno == errno.ENOTEMPTY
    tree.remove("/etc")
    assert tree.listdir("/") == []
    with pytest.raises(FileNotFoundError):
        tree.unlink_at("/etc")


def test_the_root_itself_is_not_replaced(tree: DirectoryTree) -> None:
    for act in (lambda: tree.unlink_at("/"), lambda: tree.rmdir_at("/")):
        with pytest.raises(OSError) as caught:
            act()  # type: ignore[no-untyped-call] # of several types
        assert caught.value.errno == errno.EBUSY


@needs_root
def test_owner_of_a_link_and_of_the_root(tree: DirectoryTree, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("")
    (tmp_path / "root/link").symlink_to(tmp_path / "victim")
    tree.chown_at("/link", 7, 8)
    tree.chown_at("/", 5, 6)
    assert tree.lstat_at("/link").uid == 7
    assert (tmp_path / "victim").stat().st_uid == 0
    assert (tmp_path / "root").stat().st_gid == 6


def test_close_twice(tmp_path: Path) -> None:
    tree = ReadOnlyDirectoryTree(os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY))
    tree.close()
    tree.close()
    with pytest.raises(OSError):
        tree.lstat_at("/")


def test_nothing_is_left_open(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from bootworthy.guest.engines.beneath import DirectoryTree\n"
        "tree = DirectoryTree(os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY))\n"
        "before = len(os.listdir('/proc/self/fd'))\n"
        "for act in (lambda: tree.write('/a/b', b'x'), lambda: tree.read('/a/b'),\n"
        "            lambda: tree.read('/a'), lambda: tree.listdir('/a/b'),\n"
        "            lambda: tree.chmod('/x', 0), lambda: tree.symlink('x', '/a/b')):\n"
        "    try: act()\n"
        "    except OSError: pass\n"
        "print(len(os.listdir('/proc/self/fd')) - before)\n"
    )
    argv = [sys.executable, "-c", program, str(tmp_path)]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "0\n"
