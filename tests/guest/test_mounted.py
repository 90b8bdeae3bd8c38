from __future__ import annotations

import errno

import pytest

from bootworthy.guest.mounted import MountedTree, WritableMountedTree, compose
from bootworthy.guest.tree import Kind
from tests.guest.memory import Dir, Link, MemoryTree


def _root() -> MemoryTree:
    return MemoryTree(
        {
            "/etc/fstab": "",
            "/boot": Dir(),
            "/boot/hidden": "under the mount",
            "/bootstrap": "not below /boot",
            "/to-grub": Link("/boot/grub/grub.cfg"),
        }
    )


def _boot() -> MemoryTree:
    return MemoryTree(
        {
            "/efi": Dir(mode=0o700),
            "/grub/grub.cfg": "menu",
            "/up": Link("../etc/fstab"),
            "/absolute": Link("/efi/EFI/BOOT/BOOTX64.EFI"),
        }
    )


def _esp() -> MemoryTree:
    return MemoryTree({"/EFI/BOOT/BOOTX64.EFI": "loader"})


@pytest.fixture
def tree() -> WritableMountedTree:
    return WritableMountedTree(_root(), {"/boot": _boot(), "/boot/efi": _esp()})


def test_the_longest_mount_point_holds_a_path(tree: WritableMountedTree) -> None:
    assert tree.read("/boot/efi/EFI/BOOT/BOOTX64.EFI") == b"loader"
    assert tree.read("/boot/grub/grub.cfg") == b"menu"
    assert tree.read("/bootstrap") == b"not below /boot"
    assert not tree.exists("/boot/hidden")


def test_links_lead_across_mounts(tree: WritableMountedTree) -> None:
    assert tree.read("/to-grub") == b"menu"
    assert tree.resolve("/boot/up") == "/etc/fstab"
    assert tree.resolve("/boot/efi/../../etc/fstab") == "/etc/fstab"


def test_an_absolute_link_counts_from_the_root_of_the_guest(tree: WritableMountedTree) -> None:
    with pytest.raises(FileNotFoundError):
        tree.read("/boot/absolute")


def test_a_directory_lists_a_mount_point_only_if_it_has_one() -> None:
    tree = MountedTree(_root(), {"/boot": _boot(), "/srv": _esp()})
    assert tree.listdir("/") == ["boot", "bootstrap", "etc", "to-grub"]
    assert tree.listdir("/boot") == ["absolute", "efi", "grub", "up"]


def test_a_mount_point_has_the_status_of_what_is_mounted() -> None:
    root = MemoryTree({"/boot": Dir(mode=0o700, uid=7)})
    mounted = MountedTree(root, {"/boot": _boot()})
    assert mounted.status("/boot").uid == 0
    assert mounted.kind("/boot") is Kind.DIRECTORY


def test_walk_goes_through_mounts(tree: WritableMountedTree) -> None:
    paths = [path for path, _ in tree.walk("/boot")]
    assert "/boot/efi/EFI/BOOT/BOOTX64.EFI" in paths
    assert "/boot/hidden" not in paths


def test_writes_reach_the_tree_below() -> None:
    root, boot, esp = _root(), _boot(), _esp()
    tree = WritableMountedTree(root, {"/boot": boot, "/boot/efi": esp})
    tree.write("/boot/efi/EFI/debian/grub.cfg", b"stub")
    tree.write("/to-grub", b"new menu")
    tree.symlink("grub", "/boot/link")
    tree.chmod("/boot/grub/grub.cfg", 0o600)
    tree.chown("/boot/grub/grub.cfg", 1, 2)
    tree.remove("/boot/up")
    assert esp.read("/EFI/debian/grub.cfg") == b"stub"
    assert boot.read("/grub/grub.cfg") == b"new menu"
    assert boot.readlink("/link") == "grub"
    assert boot.status("/grub/grub.cfg").mode == 0o600
    assert (boot.status("/grub/grub.cfg").uid, boot.status("/grub/grub.cfg").gid) == (1, 2)
    assert not boot.is_link("/up")
    assert root.read("/boot/hidden") == b"under the mount"


@pytest.mark.parametrize("path", ["/boot", "/boot/efi"])
def test_a_mount_point_is_not_removed(tree: WritableMountedTree, path: str) -> None:
    with pytest.raises(OSError) as caught:
        tree.remove(path)
    assert caught.value.errno == errno.EBUSY
    assert tree.is_dir(path)


def test_compose_is_writable_only_if_all_are() -> None:
    root = _root()
    assert compose(root, {}) is root
    assert isinstance(compose(root, {"/boot": _boot()}), WritableMountedTree)
    read_only = MountedTree(_boot(), {})
    assert not isinstance(compose(root, {"/boot": read_only}), WritableMountedTree)
