from __future__ import annotations

import pytest

from bootworthy.guest.overlay import OverlayTree
from bootworthy.guest.tree import Kind
from tests.guest.memory import File, Link, MemoryTree


@pytest.fixture
def base() -> MemoryTree:
    return MemoryTree(
        {
            "/etc/hosts": "127.0.0.1 localhost\n",
            "/etc/alias": Link("hosts"),
            "/etc/secret": File("x", mode=0o600, uid=7),
            "/var/log/a.log": "a",
            "/var/log/b.log": "b",
        }
    )


def test_writes_are_seen_here_and_not_below(base: MemoryTree) -> None:
    before = base.snapshot()
    tree = OverlayTree(base)

    tree.write_text("/etc/hosts", "new\n")
    tree.write_text("/etc/made/here.conf", "made\n")
    tree.symlink("here.conf", "/etc/made/link")

    assert tree.text("/etc/hosts") == "new\n"
    assert tree.text("/etc/alias") == "new\n"
    assert tree.text("/etc/made/link") == "made\n"
    assert tree.listdir("/etc") == ["alias", "hosts", "made", "secret"]
    assert tree.listdir("/etc/made") == ["here.conf", "link"]
    assert base.snapshot() == before


def test_a_written_file_keeps_its_owner_and_mode(base: MemoryTree) -> None:
    tree = OverlayTree(base)

    tree.write_text("/etc/secret", "longer", mode=0o644)

    status = tree.status("/etc/secret")
    assert (status.mode, status.uid, status.size) == (0o600, 7, 6)


def test_removed_directories_are_gone_with_all_in_them(base: MemoryTree) -> None:
    tree = OverlayTree(base)

    tree.remove("/var/log")

    assert not tree.exists("/var/log/a.log")
    assert tree.names("/var/log") == []
    assert tree.listdir("/var") == []
    assert base.exists("/var/log/a.log")


def test_a_directory_made_again_starts_empty(base: MemoryTree) -> None:
    tree = OverlayTree(base)
    tree.remove("/var/log")

    tree.write_text("/var/log/c.log", "c")

    assert tree.listdir("/var/log") == ["c.log"]
    assert not tree.exists("/var/log/a.log")


def test_mode_and_owner_change_without_the_contents(base: MemoryTree) -> None:
    tree = OverlayTree(base)

    tree.chmod("/etc/hosts", 0o400)
    tree.chown("/etc/hosts", 5, 6)

    status = tree.status("/etc/hosts")
    assert (status.mode, status.uid, status.gid) == (0o400, 5, 6)
    assert tree.text("/etc/hosts") == "127.0.0.1 localhost\n"
    assert tree.status("/var/log").kind is Kind.DIRECTORY


def test_what_is_missing_stays_missing(base: MemoryTree) -> None:
    tree = OverlayTree(base)

    with pytest.raises(FileNotFoundError):
        tree.unlink_at("/etc/none")
    with pytest.raises(FileExistsError):
        tree.mkdir_at("/etc", 0o755)
    with pytest.raises(OSError, match="not empty"):
        tree.rmdir_at("/etc")
