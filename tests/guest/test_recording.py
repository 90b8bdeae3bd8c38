from __future__ import annotations

from bootworthy.guest.recording import RecordingTree
from bootworthy.model.plan import ChangeKind
from tests.guest.memory import Link, MemoryTree


def _recording(**files: str) -> RecordingTree:
    return RecordingTree(MemoryTree({f"/etc/{name}": text for name, text in files.items()}))


def test_an_edit_shows_as_a_unified_diff() -> None:
    tree = _recording(hosts="one\ntwo\n")

    tree.write_text("/etc/hosts", "one\n2\n")

    (change,) = tree.take_changes()
    assert change.kind is ChangeKind.EDITED
    assert change.path == "/etc/hosts"
    assert change.diff.splitlines() == [
        "--- a/etc/hosts",
        "+++ b/etc/hosts",
        "@@ -1,2 +1,2 @@",
        " one",
        "-two",
        "+2",
    ]


def test_files_made_and_removed_are_told_apart() -> None:
    tree = _recording(old="x\n")

    tree.write_text("/etc/new", "fresh\n")
    tree.remove("/etc/old")

    made, removed = tree.take_changes()
    assert (made.kind, made.path) == (ChangeKind.CREATED, "/etc/new")
    assert "+fresh" in made.diff
    assert (removed.kind, removed.path, removed.diff) == (ChangeKind.REMOVED, "/etc/old", "")


def test_writing_the_same_is_no_change() -> None:
    tree = _recording(hosts="same\n")

    tree.write_text("/etc/hosts", "other\n")
    tree.write_text("/etc/hosts", "same\n")

    assert list(tree.take_changes()) == []


def test_changes_are_told_once() -> None:
    tree = _recording(hosts="a\n")
    tree.write_text("/etc/hosts", "b\n")

    assert len(list(tree.take_changes())) == 1
    assert list(tree.take_changes()) == []


def test_secrets_are_never_shown() -> None:
    tree = _recording(shadow="root:$y$hash:1::::::\n")

    tree.write_text("/etc/shadow", "root:!:1::::::\n")

    (change,) = tree.take_changes()
    assert change.diff == ""
    assert change.detail == "contents not shown"


def test_an_emptied_file_says_how_much_went() -> None:
    tree = _recording(log="0123456789")

    tree.write("/etc/log", b"")

    (change,) = tree.take_changes()
    assert change.detail == "emptied, 10 bytes"


def test_binary_files_say_their_sizes() -> None:
    tree = RecordingTree(MemoryTree({"/boot/initrd": b"\0" * 300_000}))

    tree.write("/boot/initrd", b"\1" * 310_000)

    (change,) = tree.take_changes()
    assert change.detail == "300000 to 310000 bytes"
    assert change.diff == ""


def test_a_mode_and_a_link_are_changes_too() -> None:
    tree = RecordingTree(MemoryTree({"/etc/a": "x", "/etc/l": Link("a")}))

    tree.chmod("/etc/a", 0o600)
    tree.symlink("b", "/etc/l")

    mode, link = tree.take_changes()
    assert mode.detail == "mode 0644 to 0600"
    assert "-a (link)" in link.diff
    assert "+b (link)" in link.diff


def test_a_watched_file_is_compared_even_if_another_wrote_it() -> None:
    inner = MemoryTree({"/boot/grub.cfg": "old\n"})
    tree = RecordingTree(inner)
    tree.watch("/boot/grub.cfg", "/boot/none")

    inner.write_text("/boot/grub.cfg", "new\n")

    (change,) = tree.take_changes()
    assert change.path == "/boot/grub.cfg"
