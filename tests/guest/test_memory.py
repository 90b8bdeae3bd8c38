"""The tree in memory behaves as a guest's file system does."""

from __future__ import annotations

import errno

import pytest

from bootworthy.guest.tree import Kind, Status
from tests.guest.memory import Device, Dir, File, Link, MemoryTree


def test_nodes_have_the_status_they_were_given() -> None:
    tree = MemoryTree(
        {
            "/etc/shadow": File("root:*:\n", mode=0o640, gid=42, mtime=7),
            "/etc/mtab": Link("../proc/self/mounts"),
            "/dev/null": Device(0o666),
            "/home/ann": Dir(0o700, uid=1000, gid=1000),
        }
    )

    assert tree.link_status("/etc/shadow") == Status(Kind.FILE, 0o640, 0, 42, 8, 7)
    assert tree.link_status("/etc/mtab") == Status(Kind.LINK, 0o777, 0, 0, 19, 0)
    assert tree.link_status("/dev/null") == Status(Kind.OTHER, 0o666, 0, 0, 0, 0)
    assert tree.link_status("/home/ann") == Status(Kind.DIRECTORY, 0o700, 1000, 1000, 0, 0)
    assert tree.link_status("/home") == Status(Kind.DIRECTORY, 0o755, 0, 0, 0, 0)


def test_links_lead_inside_the_tree() -> None:
    tree = MemoryTree({"/lib": Link("usr/lib"), "/usr/lib/a": "text", "/x": Link("/../../lib/a")})

    assert tree.text("/x") == "text"
    assert tree.resolve("/lib/a") == "/usr/lib/a"
    assert tree.listdir("/lib") == ["a"]


def test_a_file_below_a_link_is_refused() -> None:
    with pytest.raises(NotADirectoryError):
        MemoryTree({"/lib": Link("usr/lib"), "/lib/a": "text"})


def test_primitives_do_not_follow_links() -> None:
    tree = MemoryTree({"/lib": Link("usr/lib"), "/usr/lib/a": "text"})

    with pytest.raises(OSError) as raised:
        tree.lstat_at("/lib/a")

    assert raised.value.errno == errno.ELOOP


@pytest.mark.parametrize(
    ("path", "error"),
    [("/none", FileNotFoundError), ("/file/x", NotADirectoryError), ("/", IsADirectoryError)],
)
def test_reading_what_is_no_file_fails_as_the_kernel_does(path: str, error: type[OSError]) -> None:
    tree = MemoryTree({"/file": "text"})

    with pytest.raises(error):
        tree.read(path)


def test_a_write_keeps_owner_and_mode_of_what_was_there() -> None:
    tree = MemoryTree({"/etc/shadow": File("old", mode=0o640, gid=42)})

    tree.write_text("/etc/shadow", "new")
    tree.write_text("/etc/new/file", "text", mode=0o600)

    assert tree.snapshot()["/etc/shadow"] == File(b"new", mode=0o640, gid=42)
    assert tree.snapshot()["/etc/new/file"] == File(b"text", mode=0o600)
    assert tree.is_dir("/etc/new")


def test_removing_a_directory_leaves_what_its_links_point_to() -> None:
    tree = MemoryTree({"/a/b/c": "1", "/a/out": Link("/keep"), "/keep/d": "2"})

    tree.remove("/a")

    assert sorted(tree.snapshot()) == ["/", "/keep", "/keep/d"]


def test_a_full_directory_is_not_removed() -> None:
    tree = MemoryTree({"/a/b": "1"})

    with pytest.raises(OSError) as raised:
        tree.rmdir_at("/a")

    assert raised.value.errno == errno.ENOTEMPTY


def test_links_and_modes_can_be_changed() -> None:
    tree = MemoryTree({"/etc/localtime": Link("/usr/share/zoneinfo/CET"), "/usr/x": "text"})

    tree.symlink("/usr/share/zoneinfo/UTC", "/etc/localtime")
    tree.chmod("/usr/x", 0o4755)
    tree.chown("/usr/x", 1, 2)

    assert tree.readlink("/etc/localtime") == "/usr/share/zoneinfo/UTC"
    assert tree.status("/usr/x") == Status(Kind.FILE, 0o4755, 1, 2, 4, 0)
