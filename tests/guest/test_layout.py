from __future__ import annotations

from collections.abc import Mapping

import pytest

from bootworthy.guest import layout
from bootworthy.guest.layout import Volumes, find_root, plan_mounts
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError, HostError
from bootworthy.model.image import FileSystem, Partition
from tests.guest.memory import Dir, Link, MemoryTree

_ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_XBOOTLDR = "BC13C2FF-59E6-4262-A352-B275FD6F7172"
_LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
_ROOT = {"/etc/os-release": "ID=debian\n"}


def _fs(number: int, kind: str = "ext4", *, uuid: str = "", label: str = "") -> FileSystem:
    return FileSystem(
        partition=number, start=number << 20, size=1 << 20, kind=kind, uuid=uuid, label=label
    )


def _volumes(*file_systems: FileSystem, types: Mapping[int, str] | None = None) -> Volumes:
    partitions = tuple(
        Partition(
            number=fs.partition,
            start=fs.start,
            size=fs.size,
            type_id=(types or {}).get(fs.partition, _LINUX),
        )
        for fs in file_systems
    )
    return Volumes.of(partitions, file_systems)


class _Trees:
    """Opens trees by partition number and subvolume; remembers what was opened."""

    def __init__(self, trees: Mapping[int | tuple[int, str], Mapping[str, object]]) -> None:
        self._trees = trees
        self.opened: list[tuple[int, str]] = []

    def __call__(self, file_system: FileSystem, subvolume: str = "") -> Tree:
        self.opened.append((file_system.partition, subvolume))
        number = file_system.partition
        entries = self._trees.get((number, subvolume), self._trees.get(number, {}))
        return MemoryTree(entries)  # type: ignore[arg-type] # as the cases below give it


@pytest.mark.parametrize(
    "entries",
    [
        {"/etc/os-release": "ID=debian"},
        {"/usr/lib/os-release": "ID=fedora"},
        {"/etc/os-release": Link("../usr/lib/os-release")},
        {"/etc/fstab": "", "/etc/passwd": "", "/sbin/init": ""},
        {"/etc/fstab": "", "/etc/passwd": "", "/bin": Link("usr/bin")},
    ],
)
def test_a_root_is_known_by_its_files(entries: Mapping[str, object]) -> None:
    assert layout.is_root(MemoryTree(entries))  # type: ignore[arg-type] # a mapping of cases


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"/grub/grub.cfg": "", "/vmlinuz-6.1": ""},
        {"/etc/fstab": "", "/etc/passwd": ""},
        {"/etc/os-releases": "", "/sbin/init": ""},
    ],
)
def test_what_is_not_a_root(entries: Mapping[str, object]) -> None:
    assert not layout.is_root(MemoryTree(entries))  # type: ignore[arg-type] # a mapping of cases


def test_the_only_root_is_found_among_others() -> None:
    volumes = _volumes(_fs(1, "vfat"), _fs(2), _fs(3, "xfs"), _fs(4, "swap"))
    trees = _Trees({2: {"/grub/grub.cfg": ""}, 3: _ROOT})
    root = find_root(volumes, trees)
    assert root.file_system.partition == 3
    assert str(root) == "partition 3 (xfs)"
    assert trees.opened == [(2, ""), (3, "")]


def test_several_roots_are_listed() -> None:
    volumes = _volumes(_fs(2, label="old"), _fs(3, "xfs"))
    with pytest.raises(GuestError) as caught:
        find_root(volumes, _Trees({2: _ROOT, 3: _ROOT}))
    assert caught.value.code == "guest-ambiguous"
    assert "partition 2 (ext4, label old); partition 3 (xfs)" in caught.value.message
    assert "--guest 2" in caught.value.hint


@pytest.mark.parametrize(
    "selector",
    ["3", "sda3", "/dev/sda3", "vda3", "nvme0n1p3", "UUID=cafe", "LABEL=system"],
)
def test_a_selector_picks_one(selector: str) -> None:
    volumes = _volumes(_fs(2), _fs(3, uuid="cafe", label="system"))
    trees = _Trees({2: _ROOT, 3: _ROOT})
    assert find_root(volumes, trees, selector).file_system.partition == 3
    assert trees.opened == [(3, "")]


@pytest.mark.parametrize("selector", ["9", "sdb1", "UUID=beef", "LABEL=", "", "../x", "²"])
def test_a_selector_that_names_nothing(selector: str) -> None:
    with pytest.raises(GuestError) as caught:
        find_root(_volumes(_fs(2, uuid="cafe")), _Trees({2: _ROOT}), selector)
    assert caught.value.code == "guest-not-found"
    assert "partition 2 (ext4)" in caught.value.message


def test_a_selector_that_names_no_linux() -> None:
    with pytest.raises(GuestError) as caught:
        find_root(_volumes(_fs(1), _fs(2)), _Trees({2: _ROOT}), "1")
    assert caught.value.code == "guest-not-found"


@pytest.mark.parametrize(
    ("kinds", "code", "words"),
    [
        ((), "guest-not-found", "it has none"),
        (("vfat", ""), "guest-not-found", "partition 2 (unknown contents)"),
        (("vfat", "ntfs", "ntfs"), "guest-windows", "Windows"),
        (("vfat", "ext4", "crypto_LUKS"), "guest-encrypted-root", "partition 3"),
        (("ext4", "LVM2_member"), "guest-file-system-unsupported", "partition 2 (LVM2_member)"),
        (("linux_raid_member",), "guest-file-system-unsupported", "partition 1"),
    ],
)
def test_what_is_there_instead_of_a_linux(kinds: tuple[str, ...], code: str, words: str) -> None:
    volumes = _volumes(*(_fs(number, kind) for number, kind in enumerate(kinds, 1)))
    with pytest.raises(GuestError) as caught:
        find_root(volumes, _Trees({}))
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.hint


def test_lvm_is_left_to_the_appliance() -> None:
    with pytest.raises(GuestError) as caught:
        find_root(_volumes(_fs(1, "LVM2_member")), _Trees({}))
    assert "--engine appliance" in caught.value.hint


def _failing(number: int) -> layout.OpenFileSystem:
    trees = _Trees({2: _ROOT})

    def open_fs(file_system: FileSystem, subvolume: str = "") -> Tree:
        if file_system.partition == number:
            raise HostError("host-file-system-unsupported", "no such file system here")
        return trees(file_system, subvolume)

    return open_fs


def test_a_file_system_that_does_not_open_matters_only_without_a_root() -> None:
    volumes = _volumes(_fs(1, "f2fs"), _fs(2))
    assert find_root(volumes, _failing(1)).file_system.partition == 2
    with pytest.raises(HostError):
        find_root(volumes, _failing(2))


@pytest.mark.parametrize("name", ["@", "root", "@rootfs"])
def test_a_root_in_a_subvolume_of_btrfs(name: str) -> None:
    trees = _Trees({1: {f"/{name}/etc": Dir(), "/home": Dir()}, (1, name): _ROOT})
    root = find_root(_volumes(_fs(1, "btrfs")), trees)
    assert root.subvolume == name
    assert str(root) == f"partition 1 (btrfs), subvolume {name}"


def test_the_default_subvolume_comes_first() -> None:
    trees = _Trees({(1, ""): {**_ROOT, "/@/x": ""}, (1, "@"): _ROOT})
    assert find_root(_volumes(_fs(1, "btrfs")), trees).subvolume == ""


def _planned(fstab: str, volumes: Volumes, **others: object) -> list[tuple[str, int]]:
    entries: dict[str, object] = {**_ROOT, "/etc/fstab": fstab, **others}
    root = find_root(volumes, _Trees({2: entries}))
    return [(m.path, m.file_system.partition) for m in plan_mounts(root, volumes)]


def test_mounts_come_from_fstab_parents_first() -> None:
    volumes = _volumes(
        _fs(1, "vfat", uuid="AB-CD"), _fs(2, uuid="r"), _fs(3, uuid="b"), _fs(4, "xfs", label="d")
    )
    fstab = (
        "LABEL=d /boot-data xfs defaults 0 0\n"
        "UUID=AB-CD /boot/efi vfat umask=0077 0 1\n"
        "UUID=r / ext4 errors=remount-ro 0 1\n"
        "/dev/sda3 /boot ext4 defaults 0 2\n"
    )
    assert _planned(fstab, volumes) == [("/", 2), ("/boot", 3), ("/boot/efi", 1), ("/boot-data", 4)]


def test_what_is_not_in_the_image_is_left_out() -> None:
    volumes = _volumes(_fs(1, "swap", uuid="s"), _fs(2, uuid="r"), _fs(3, "LVM2_member", uuid="l"))
    fstab = (
        "UUID=s none swap sw 0 0\n"
        "UUID=s /nonsense ext4 defaults 0 0\n"
        "server:/export /mnt nfs defaults 0 0\n"
        "//server/share /share cifs guest 0 0\n"
        "UUID=elsewhere /data ext4 defaults 0 0\n"
        "/dev/sdb1 /data2 ext4 defaults 0 0\n"
        "tmpfs /tmp tmpfs defaults 0 0\n"
        "UUID=r /chroot none bind 0 0\n"
        "UUID=l /lvm ext4 defaults 0 0\n"
        "broken line\n"
    )
    assert _planned(fstab, volumes) == [("/", 2)]


def test_noauto_counts_except_for_booting() -> None:
    volumes = _volumes(_fs(1, "vfat", uuid="E"), _fs(2, uuid="r"), _fs(3, uuid="x"))
    fstab = "UUID=E /boot/efi vfat noauto 0 0\nUUID=x /media/x ext4 noauto 0 0\n"
    assert _planned(fstab, volumes) == [("/", 2), ("/boot/efi", 1)]


def test_options_of_the_root_come_from_fstab() -> None:
    volumes = _volumes(_fs(2, uuid="r"))
    root = find_root(
        volumes, _Trees({2: {**_ROOT, "/etc/fstab": "UUID=r / ext4 ro,noatime 0 1\n"}})
    )
    assert plan_mounts(root, volumes)[0].options == ("ro", "noatime")


def test_a_hostile_mount_point_is_brought_inside() -> None:
    volumes = _volumes(_fs(2, uuid="r"), _fs(3, uuid="x"))
    assert _planned("UUID=x /../../boot/. ext4 defaults 0 0\n", volumes) == [("/", 2), ("/boot", 3)]


def test_partition_types_fill_empty_directories() -> None:
    types = {1: _ESP, 3: _XBOOTLDR}
    volumes = _volumes(_fs(1, "vfat"), _fs(2), _fs(3), types=types)
    empty: dict[str, object] = {"/boot": Dir(), "/efi": Dir()}
    assert _planned("", volumes, **empty) == [("/", 2), ("/boot", 3), ("/efi", 1)]
    used: dict[str, object] = {"/boot/vmlinuz": "", "/efi/x": ""}
    assert _planned("", volumes, **used) == [("/", 2)]


def test_without_an_extended_loader_partition_the_esp_is_boot() -> None:
    volumes = _volumes(_fs(1, "vfat"), _fs(2), types={1: _ESP})
    assert _planned("", volumes, **{"/boot": Dir()}) == [("/", 2), ("/boot", 1)]


def test_fstab_wins_over_partition_types() -> None:
    volumes = _volumes(_fs(1, "vfat", uuid="E"), _fs(2), types={1: _ESP})
    planned = _planned("UUID=E /boot vfat ro 0 0\n", volumes, **{"/boot": Dir()})
    assert planned == [("/", 2), ("/boot", 1)]


@pytest.mark.parametrize(
    ("type_id", "kind", "found"),
    [(_ESP, "vfat", True), (_ESP.lower(), "vfat", True), ("ef", "vfat", True),
     ("0c", "vfat", False), (_ESP, "ext4", False)],
)  # fmt: skip
def test_the_esp_is_known_by_its_type(type_id: str, kind: str, found: bool) -> None:
    volumes = _volumes(_fs(1, kind), types={1: type_id})
    assert (volumes.esp() is not None) is found


@pytest.mark.parametrize(
    ("options", "subvolume"),
    [((), ""), (("defaults",), ""), (("subvol=/@home", "compress=zstd"), "@home"),
     (("subvol=@/.snapshots",), "@/.snapshots"), (("subvol=/",), "")],
)  # fmt: skip
def test_subvolumes_are_named_in_options(options: tuple[str, ...], subvolume: str) -> None:
    assert layout.subvolume_of(options) == subvolume


def test_a_subvolume_by_number_is_left_out() -> None:
    volumes = _volumes(_fs(2, "btrfs", uuid="b"))
    fstab = "UUID=b /home btrfs subvolid=257 0 0\nUUID=b /var btrfs subvol=@var,subvolid=258 0 0\n"
    assert _planned(fstab, volumes) == [("/", 2), ("/var", 2)]
