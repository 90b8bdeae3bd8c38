from __future__ import annotations

import lzma
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.editors import initramfs as editor
from bootworthy.guest.editors.initramfs import Extended, add_modules, module_reader
from bootworthy.guest.facts import cpio, initramfs, kernels
from bootworthy.guest.facts.decompress import unpack
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from tests.guest.initramfs_images import COMPRESSORS, archive, entry, trailer
from tests.guest.memory import MemoryTree

RELEASE = "6.1.0-13-amd64"
INSIDE = f"usr/lib/modules/{RELEASE}"
IN_GUEST = f"/usr/lib/modules/{RELEASE}"
VMBUS = "kernel/drivers/hv/hv_vmbus.ko"
STORVSC = "kernel/drivers/scsi/hv_storvsc.ko"
TRANSPORT = "kernel/drivers/scsi/scsi_transport_fc.ko"
CRC = "kernel/crypto/crc32c_generic.ko"
EXT4 = "kernel/fs/ext4/ext4.ko"
PATH = f"/boot/initrd.img-{RELEASE}"

GUEST = {
    f"{IN_GUEST}/modules.dep": (
        f"{VMBUS}:\n{CRC}:\n{TRANSPORT}:\n{STORVSC}: {TRANSPORT} {VMBUS}\n{EXT4}:\n"
    ),
    f"{IN_GUEST}/modules.builtin": "kernel/drivers/hid/hid-hyperv.ko\n",
    f"{IN_GUEST}/modules.alias": (
        "alias acpi*:VMBUS:* hv_vmbus\n"
        "alias vmbus:ba6163d9 hv_storvsc\n"
        "alias crypto-crc32c crc32c_generic\n"
        "alias fs-ext4 ext4\n"
    ),
    f"{IN_GUEST}/modules.softdep": "softdep ext4 pre: crypto-crc32c\n",
    f"{IN_GUEST}/modules.symbols": "alias symbol:vmbus_open hv_vmbus\n",
    f"{IN_GUEST}/{VMBUS}": "vmbus",
    f"{IN_GUEST}/{STORVSC}": "storvsc",
    f"{IN_GUEST}/{TRANSPORT}": "transport",
    f"{IN_GUEST}/{CRC}": "crc",
    f"{IN_GUEST}/{EXT4}": "ext4",
}
FILES: dict[str, str | bytes] = {
    "conf/": b"",
    "conf/initramfs.conf": "MODULES=dep\n",
    "conf/modules": "# loaded first\nraid1",
    "init": "#!/bin/sh\n",
    "usr/": b"",
    "usr/lib/": b"",
    "usr/lib/modules/": b"",
    f"{INSIDE}/": b"",
    f"{INSIDE}/kernel/": b"",
    f"{INSIDE}/kernel/fs/": b"",
    f"{INSIDE}/kernel/fs/ext4/": b"",
    f"{INSIDE}/{EXT4}": "ext4 as it was",
    f"{INSIDE}/modules.dep": "kernel/fs/ext4/ext4.ko:\n",
    f"{INSIDE}/modules.dep.bin": "old",
}
IMAGE = archive(FILES)


def kernel_of(tree: Tree) -> kernels.Kernel:
    (kernel,) = kernels.read(tree)
    return kernel


def add(
    data: bytes, *wanted: str, tree: Tree | None = None, files: dict[str, str] | None = None
) -> Extended:
    guest = tree or MemoryTree(GUEST)
    kernel = kernel_of(guest)
    image = initramfs.parse(data, PATH)
    read = module_reader(guest, kernel)
    return add_modules(data, image, kernel, wanted, read, files=files or {})


def contents(data: bytes) -> dict[str, bytes]:
    """Regular files as the kernel would have them: later ones in place of earlier ones."""
    segments = initramfs.compressed_segments(data)
    parts = [unpack(data[s.start : s.end], limit=1 << 30) for s in segments]
    whole = b"".join([*parts, data[segments[-1].end if segments else 0 :]])
    stream = cpio.ByteStream([whole])
    entries = cpio.read_archive(stream, cpio.Budget(), lambda _name, _size: True)
    return {e.name: e.data for e in entries if e.data is not None}


@pytest.mark.parametrize("compression", [*sorted(COMPRESSORS), "plain"])
def test_modules_and_what_they_need(compression: str) -> None:
    data = IMAGE if compression == "plain" else COMPRESSORS[compression](IMAGE)
    extended = add(data, "hv_vmbus", "hv-storvsc")
    assert extended.modules == ("hv_vmbus", "scsi_transport_fc", "hv_storvsc")
    assert extended.absent == ()
    found = initramfs.parse(extended.data, PATH)
    assert found.problem == ""
    assert set(found.compression) == {compression}
    assert found.modules == {"ext4", "hv_vmbus", "scsi_transport_fc", "hv_storvsc"}
    inside = contents(extended.data)
    assert inside["init"] == b"#!/bin/sh\n"
    assert inside[f"{INSIDE}/{STORVSC}"] == b"storvsc"
    assert inside[f"{INSIDE}/{EXT4}"] == b"ext4 as it was"
    assert inside["conf/modules"] == b"# loaded first\nraid1\nhv_vmbus\nhv_storvsc\n"
    assert inside[f"{INSIDE}/modules.dep"].decode() == (
        f"{VMBUS}:\n{TRANSPORT}:\n{STORVSC}: {TRANSPORT} {VMBUS}\n{EXT4}:\n"
    )
    assert inside[f"{INSIDE}/modules.alias"].decode() == (
        "alias acpi*:VMBUS:* hv_vmbus\nalias vmbus:ba6163d9 hv_storvsc\nalias fs-ext4 ext4\n"
    )


def test_adding_twice_adds_nothing() -> None:
    once = add(COMPRESSORS["gzip"](IMAGE), "hv_storvsc")
    twice = add(once.data, "hv_storvsc")
    assert twice == Extended(data=once.data, modules=(), absent=())


def test_the_same_input_gives_the_same_bytes() -> None:
    data = COMPRESSORS["zstd"](IMAGE)
    assert add(data, "hv_storvsc") == add(data, "hv_storvsc")


def test_every_name_is_inside_once() -> None:
    extended = add(COMPRESSORS["gzip"](IMAGE), "hv_vmbus", "hv_storvsc")
    (segment,) = initramfs.compressed_segments(extended.data)
    whole = unpack(extended.data[: segment.end], limit=1 << 20)
    stream = cpio.ByteStream([whole])
    names = [e.name for e in cpio.read_archive(stream, cpio.Budget(), lambda _n, _s: False)]
    assert sorted(names) == sorted(set(names))
    assert names.index(f"{INSIDE}/kernel/drivers/hv") < names.index(f"{INSIDE}/{VMBUS}")
    assert whole.count(b"TRAILER!!!") == 1


def test_what_is_in_front_and_behind_stays() -> None:
    early = archive({"kernel/x86/microcode/AuthenticAMD.bin": b"x" * 99})
    data = early + COMPRESSORS["gzip"](IMAGE) + bytes(9)
    extended = add(data, "hv_vmbus")
    assert extended.data.startswith(early + b"\x1f\x8b")
    assert extended.data.endswith(bytes(9))
    assert initramfs.parse(extended.data, PATH).compression == ("plain", "gzip")


def test_a_plain_archive_behind_is_what_counts_last() -> None:
    data = COMPRESSORS["gzip"](IMAGE)
    data += bytes(-len(data) % 4) + archive({"conf/modules": "nvme\n"})
    extended = add(data, "hv_vmbus")
    assert extended.data.startswith(data)
    assert contents(extended.data)["conf/modules"] == b"nvme\nhv_vmbus\n"


def test_soft_dependencies_are_added_by_their_alias() -> None:
    files = {name: data for name, data in FILES.items() if "ext4" not in name}
    assert add(archive(files), "ext4").modules == ("ext4", "crc32c_generic")


def test_built_in_and_absent_modules() -> None:
    extended = add(IMAGE, "hid-hyperv", "nowhere", "ext4")
    assert extended == Extended(data=IMAGE, modules=(), absent=("nowhere",))


def test_settings_are_replaced() -> None:
    blacklist = "etc/modprobe.d/cis.conf"
    data = COMPRESSORS["gzip"](archive(FILES | {blacklist: "blacklist hv_vmbus\n"}))
    files = {blacklist: "# blacklist hv_vmbus\n", "conf/modules": "virtio\n"}
    extended = add(data, "hv_vmbus", files=files)
    inside = contents(extended.data)
    assert inside[blacklist] == b"# blacklist hv_vmbus\n"
    assert inside["conf/modules"] == b"virtio\nhv_vmbus\n"
    assert extended.modules == ("hv_vmbus",)


def test_settings_alone() -> None:
    without_modules = COMPRESSORS["zstd"](archive({"etc/": b"", "etc/fstab": "old\n"}))
    once = add(without_modules, "hid_hyperv", files={"etc/fstab": "new\n"})
    assert contents(once.data) == {"etc/fstab": b"new\n"}
    assert add(once.data, files={"etc/fstab": "new\n"}) == once


def test_dracut_is_not_told_what_to_load() -> None:
    files = {"usr/lib/dracut/build-parameter.txt": "", f"{INSIDE}/modules.dep": ""}
    extended = add(archive(files), "hv_vmbus")
    assert extended.modules == ("hv_vmbus",)
    assert "conf/modules" not in contents(extended.data)


@pytest.mark.parametrize(
    ("inside", "name", "stored"),
    [
        ({}, STORVSC, b"storvsc"),
        ({f"{INSIDE}/kernel/a.ko": b""}, STORVSC, b"storvsc"),
        ({f"{INSIDE}/kernel/a.ko.xz": b""}, f"{STORVSC}.xz", lzma.compress(b"storvsc")),
    ],
)
def test_compressed_modules_stay_so_where_others_are(
    inside: dict[str, bytes], name: str, stored: bytes
) -> None:
    tree = MemoryTree(
        {
            f"{IN_GUEST}/modules.dep": f"kernel/a.ko:\n{STORVSC}.xz:\n",
            f"{IN_GUEST}/modules.alias": "alias vmbus:ba6163d9 hv_storvsc\n",
            f"{IN_GUEST}/{STORVSC}.xz": lzma.compress(b"storvsc"),
        }
    )
    extended = add(archive({f"{INSIDE}/": b"", **inside}), "hv_storvsc", tree=tree)
    found = contents(extended.data)
    assert found[f"{INSIDE}/{name}"] == stored
    assert f"{name}:" in found[f"{INSIDE}/modules.dep"].decode().splitlines()


def test_a_module_that_the_image_has_uncompressed_keeps_its_path() -> None:
    tree = MemoryTree(GUEST | {f"{IN_GUEST}/modules.dep": f"{EXT4}.xz:\n{VMBUS}: {EXT4}.xz\n"})
    dependencies = contents(add(IMAGE, "hv_vmbus", tree=tree).data)[f"{INSIDE}/modules.dep"]
    assert dependencies.decode() == f"{EXT4}:\n{VMBUS}: {EXT4}\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (IMAGE[:-900], "it ends inside"),
        (archive({"init": ""}), f"it has no place for modules of {RELEASE}"),
        (archive({"lib/modules/5.10/a.ko": ""}), f"it has no place for modules of {RELEASE}"),
        (
            archive({f"{INSIDE}/kernel/zfs.ko": ""}),
            f"it holds zfs, which {RELEASE} does not have",
        ),
        (
            COMPRESSORS["gzip"](
                entry(f"{INSIDE}/modules.dep", b"x", links=2)
                + entry(f"{INSIDE}/{EXT4}", b"x")
                + trailer()
            ),
            f"{INSIDE}/modules.dep inside shares its contents with another file",
        ),
    ],
)
def test_images_that_are_left_alone(data: bytes, reason: str) -> None:
    with pytest.raises(GuestError) as caught:
        add(data, "hv_vmbus")
    assert caught.value.code == "initramfs-not-extendable"
    assert f"{PATH}: no modules can be added, {reason}" in str(caught.value)


def test_an_image_too_large_to_pack_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "_MAX_REPACKED", 100)
    with pytest.raises(GuestError, match="it unpacks to 0 MiB"):
        add(COMPRESSORS["gzip"](IMAGE), "hv_vmbus")


def test_a_kernel_without_an_index() -> None:
    tree = MemoryTree({path: data for path, data in GUEST.items() if "alias" not in path})
    with pytest.raises(GuestError) as caught:
        add(IMAGE, "hv_vmbus", tree=tree)
    assert caught.value.code == "module-index-missing"
    assert caught.value.hint == f"run depmod {RELEASE} in the guest"


@pytest.mark.parametrize("broken", [None, b"\xfd7zXZ\0 but not really"])
def test_a_module_that_cannot_be_read(broken: bytes | None) -> None:
    entries: dict[str, str | bytes] = {
        f"{IN_GUEST}/modules.dep": f"{VMBUS}.xz:\n",
        f"{IN_GUEST}/modules.alias": "alias acpi*:VMBUS:* hv_vmbus\n",
    }
    if broken is not None:
        entries[f"{IN_GUEST}/{VMBUS}.xz"] = broken
    with pytest.raises(GuestError) as caught:
        add(archive({f"{INSIDE}/": b""}), "hv_vmbus", tree=MemoryTree(entries))
    assert caught.value.code == "module-unreadable"
    assert f"{IN_GUEST}/{VMBUS}" in str(caught.value)


@pytest.mark.skipif(not shutil.which("lsinitramfs"), reason="initramfs-tools is not installed")
@pytest.mark.parametrize("compression", ["gzip", "lz4", "xz", "zstd"])
def test_the_guests_own_tools_read_the_result(compression: str, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(add(COMPRESSORS[compression](IMAGE), "hv_storvsc").data)
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    listed = subprocess.run(
        ["lsinitramfs", str(image)], capture_output=True, text=True, check=True, env=environment
    )
    assert {"init", f"{INSIDE}/{STORVSC}", f"{INSIDE}/{EXT4}"} <= set(listed.stdout.split())
    subprocess.run(
        ["unmkinitramfs", str(image), str(tmp_path / "out")], check=True, env=environment
    )
    dependencies = (tmp_path / "out" / INSIDE / "modules.dep").read_text()
    assert f"{STORVSC}: {TRANSPORT} {VMBUS}" in dependencies.splitlines()
