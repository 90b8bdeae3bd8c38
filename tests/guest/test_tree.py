from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.engines import syscalls
from bootworthy.guest.engines.beneath import DirectoryTree
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import GuestError
from tests.guest.memory import Device, File, Link, MemoryTree

# The judge: Linux itself, told to take a directory for the root of everything.
_IN_ROOT = syscalls.RESOLVE_IN_ROOT | syscalls.RESOLVE_NO_MAGICLINKS

_NAMES = st.sampled_from(["a", "b", "c"])
_PARTS = st.lists(st.sampled_from(["a", "b", "c", "a", "b", "..", "."]), min_size=1, max_size=5)


@st.composite
def _paths(draw: st.DrawFn, *, absolute: bool | None = None) -> str:
    start = draw(st.booleans()) if absolute is None else absolute
    separator = draw(st.sampled_from(["/", "/", "//"]))
    end = draw(st.sampled_from(["", "", "", "/"]))
    return ("/" if start else "") + separator.join(draw(_PARTS)) + end


_ENTRIES = st.lists(
    st.tuples(
        st.lists(_NAMES, min_size=1, max_size=3).map("/".join),
        st.one_of(st.just("file"), st.just("directory"), _paths().map(lambda path: "->" + path)),
    ),
    max_size=12,
)


@contextmanager
def _on_disk(
    entries: list[tuple[str, str]], above: str | None = None
) -> Iterator[tuple[str, DirectoryTree]]:
    with tempfile.TemporaryDirectory(dir=above) as name:
        root = os.path.realpath(name)
        for path, what in entries:
            _make(Path(root), path, what)
        tree = DirectoryTree(os.open(root, os.O_RDONLY | os.O_DIRECTORY))
        try:
            yield root, tree
        finally:
            tree.close()


def _make(root: Path, path: str, what: str) -> None:
    place = root
    for part in path.split("/")[:-1]:
        place /= part
        if place.is_symlink() or place.is_file():
            return
        place.mkdir(exist_ok=True)
    place /= path.rsplit("/", 1)[-1]
    if place.is_symlink() or place.exists():
        return
    if what == "directory":
        place.mkdir()
    elif what == "file":
        place.write_text(path)
    else:
        place.symlink_to(what.removeprefix("->"))


def _as_linux_says(tree: DirectoryTree, root: str, path: str, *, follow: bool) -> str | int:
    flags = os.O_PATH | (0 if follow else os.O_NOFOLLOW)
    try:
        fd = syscalls.openat2(tree.fd, path.encode(), flags, _IN_ROOT)
    except OSError as error:
        return error.errno or 0
    try:
        return str(Path(f"/proc/self/fd/{fd}").readlink()).removeprefix(root) or "/"
    finally:
        os.close(fd)


def _as_resolved(tree: Tree, path: str, *, follow: bool) -> str | int:
    try:
        real = tree.resolve(path, follow_last=follow)
        tree.lstat_at(real)
    except OSError as error:
        return error.errno or 0
    return real


@settings(max_examples=300, deadline=None)
@given(_ENTRIES, st.lists(_paths(absolute=True), min_size=1, max_size=8), st.booleans())
def test_resolves_as_linux_does_inside_a_root(
    entries: list[tuple[str, str]], paths: list[str], follow: bool
) -> None:
    with _on_disk(entries) as (root, tree):
        for path in paths:
            expected = _as_linux_says(tree, root, path, follow=follow)
            assert _as_resolved(tree, path, follow=follow) == expected, path


@settings(max_examples=100, deadline=None)
@given(_ENTRIES, _paths(absolute=True))
def test_a_write_lands_inside_or_fails(entries: list[tuple[str, str]], path: str) -> None:
    with tempfile.TemporaryDirectory() as outer:
        outside = Path(outer, "outside")
        outside.write_text("untouched")
        links = [("a", f"->{outside}"), ("b", "->../outside"), ("c", f"->{outer}")]
        with _on_disk(entries + links, above=outer) as (root, tree):
            try:
                tree.write(path, b"written")
            except OSError:
                return
            finally:
                assert outside.read_text() == "untouched"
                assert set(Path(outer).iterdir()) == {outside, Path(root)}
            assert tree.read(path) == b"written"


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/etc/os-release", "/usr/lib/os-release"),
        ("/../../etc/os-release", "/usr/lib/os-release"),
        ("/lib/os-release", "/usr/lib/os-release"),
        ("/lib/../etc", "/usr/etc"),
        ("/up/etc/hostname", "/etc/hostname"),
        ("/", "/"),
        ("", "/"),
        ("etc/missing", "/etc/missing"),
    ],
)
def test_links_stay_inside(path: str, real: str) -> None:
    tree = MemoryTree(
        {
            "/usr/lib/os-release": "ID=debian\n",
            "/usr/etc/x": "",
            "/etc/hostname": "guest\n",
            "/etc/os-release": Link("../usr/lib/os-release"),
            "/lib": Link("/usr/lib"),
            "/up": Link("../../.."),
        }
    )
    assert tree.resolve(path) == real


def test_a_circle_of_links_is_eloop() -> None:
    tree = MemoryTree({"/a": Link("/b"), "/b": Link("a")})
    with pytest.raises(OSError) as caught:
        tree.resolve("/a")
    assert caught.value.errno == errno.ELOOP
    assert not tree.exists("/a")
    assert tree.is_link("/a")


def test_forty_links_are_followed_and_one_more_is_not() -> None:
    links = {f"/l{n}": Link(f"l{n - 1}") for n in range(1, 42)}
    tree = MemoryTree({"/l0": "end", **links})
    assert tree.read("/l40") == b"end"
    with pytest.raises(OSError) as caught:
        tree.read("/l41")
    assert caught.value.errno == errno.ELOOP


def test_a_link_without_a_target_leads_nowhere() -> None:
    # Only a damaged file system holds one; Linux says ENOENT too.
    tree = MemoryTree({"/etc/passwd": Link("")})
    assert tree.kind("/etc/passwd") is None
    with pytest.raises(FileNotFoundError):
        tree.read("/etc/passwd")


@pytest.mark.parametrize("path", ["/etc/pass\0wd", "/link"])
def test_a_nul_in_a_path_does_not_shorten_it(path: str) -> None:
    tree = MemoryTree({"/etc/pass": "x", "/link": Link("/etc/pass\0wd")})
    with pytest.raises(OSError) as caught:
        tree.read(path)
    assert caught.value.errno == errno.EINVAL


def test_a_slash_at_the_end_asks_for_a_directory() -> None:
    tree = MemoryTree({"/etc/passwd": "", "/dir": Link("etc/"), "/file": Link("etc/passwd/")})
    assert tree.listdir("/dir") == ["passwd"]
    assert tree.link_status("/dir/").kind is Kind.DIRECTORY
    for path in ("/etc/passwd/", "/etc/passwd/.", "/file"):
        with pytest.raises(NotADirectoryError):
            tree.read(path)


class _Endless(MemoryTree):
    """A file that says it is empty and never ends, as some of /proc and /sys."""

    def pread_at(self, path: str, size: int, offset: int) -> bytes:  # noqa: ARG002
        return b"x" * size


def test_a_file_larger_than_it_says_is_refused() -> None:
    with pytest.raises(GuestError) as caught:
        _Endless({"/proc/kmsg": ""}).read("/proc/kmsg", limit=1 << 20)
    assert caught.value.code == "guest-file-too-large"


def test_a_file_larger_than_the_limit_is_refused_unread() -> None:
    with pytest.raises(GuestError) as caught:
        MemoryTree({"/big": b"x" * 11}).read("/big", limit=10)
    assert caught.value.code == "guest-file-too-large"
    assert MemoryTree({"/big": b"x" * 10}).read("/big", limit=10) == b"x" * 10


def test_only_a_regular_file_is_read() -> None:
    tree = MemoryTree({"/dev/sda": Device(), "/etc/x": ""})
    with pytest.raises(IsADirectoryError):
        tree.read("/etc")
    with pytest.raises(OSError) as caught:
        tree.read("/dev/sda")
    assert caught.value.errno == errno.EINVAL


def test_bytes_that_are_not_utf8_survive() -> None:
    tree = MemoryTree({"/etc/motd": b"caf\xe9\n"})
    text = tree.text("/etc/motd")
    tree.write_text("/etc/motd", text)
    assert tree.read("/etc/motd") == b"caf\xe9\n"


def test_glob_goes_component_by_component() -> None:
    tree = MemoryTree(
        {
            "/boot/vmlinuz-1": "",
            "/boot/vmlinuz-2": "",
            "/boot/.vmlinuz-3": "",
            "/boot/vmlinuz": Link("missing"),
            "/other/vmlinuz-4": "",
        }
    )
    assert tree.glob("/boot/vmlinuz*") == ["/boot/vmlinuz", "/boot/vmlinuz-1", "/boot/vmlinuz-2"]
    assert tree.glob("/*/vmlinuz-[24]") == ["/boot/vmlinuz-2", "/other/vmlinuz-4"]
    assert tree.glob("/boot/.v*") == ["/boot/.vmlinuz-3"]
    assert tree.glob("/missing/*") == []


def test_walk_reports_links_and_does_not_follow_them() -> None:
    tree = MemoryTree({"/a/b/c": "", "/a/up": Link(".."), "/a/b/self": Link(".")})
    found = {path: status.kind for path, status in tree.walk("/a")}
    assert found == {
        "/a/b": Kind.DIRECTORY,
        "/a/b/c": Kind.FILE,
        "/a/b/self": Kind.LINK,
        "/a/up": Kind.LINK,
    }


def test_remove_takes_a_directory_and_leaves_where_its_links_lead() -> None:
    tree = MemoryTree({"/a/b/c": "", "/a/out": Link("/keep"), "/keep/x": "1"})
    tree.remove("/a")
    assert not tree.exists("/a")
    assert tree.read("/keep/x") == b"1"


def test_the_root_is_not_removed() -> None:
    tree = MemoryTree({"/etc/x": ""})
    for path in ("/", "/..", "/etc/.."):
        with pytest.raises(OSError) as caught:
            tree.remove(path)
        assert caught.value.errno == errno.EBUSY
    assert tree.exists("/etc/x")


def test_write_makes_directories_and_follows_links_inside() -> None:
    tree = MemoryTree({"/run/conf": "old", "/etc/conf": Link("../run/conf")})
    tree.write("/etc/conf", b"new")
    tree.write("/etc/a/b/c", b"deep", mode=0o600)
    assert tree.read("/run/conf") == b"new"
    assert tree.is_link("/etc/conf")
    assert tree.status("/etc/a/b").mode == 0o755
    assert tree.status("/etc/a/b/c").mode == 0o600


def test_write_keeps_owner_and_mode() -> None:
    tree = MemoryTree({"/etc/shadow": File("x", mode=0o640, uid=0, gid=42)})
    tree.write("/etc/shadow", b"y", mode=0o644)
    status = tree.status("/etc/shadow")
    assert (status.mode, status.uid, status.gid) == (0o640, 0, 42)


def test_a_directory_is_not_made_where_a_file_is() -> None:
    tree = MemoryTree({"/etc/file": "x"})
    with pytest.raises(NotADirectoryError):
        tree.make_dirs("/etc/file")
    with pytest.raises(NotADirectoryError):
        tree.make_dirs("/etc/file/below")
    with pytest.raises(NotADirectoryError):
        tree.write("/etc/file/below", b"")


def test_a_file_is_not_written_where_a_directory_is() -> None:
    with pytest.raises(OSError) as caught:
        MemoryTree({"/etc/x": ""}).write("/etc", b"")
    assert caught.value.errno == errno.EINVAL


def test_symlink_replaces_a_file_or_link_and_not_a_directory() -> None:
    tree = MemoryTree({"/etc/localtime": "x", "/etc/dir/x": ""})
    tree.symlink("/usr/share/zoneinfo/UTC", "/etc/localtime")
    tree.symlink("../usr/share/zoneinfo/UTC", "/etc/localtime")
    assert tree.readlink("/etc/localtime") == "../usr/share/zoneinfo/UTC"
    with pytest.raises(OSError):
        tree.symlink("/x", "/etc/dir")
    assert tree.exists("/etc/dir/x")
