from __future__ import annotations

import struct

import pytest

from bootworthy.guest.facts import kernels
from bootworthy.guest.facts.kernels import ModuleState
from bootworthy.model.intent import Architecture
from tests.guest.memory import Link, MemoryTree

RELEASE = "6.1.0-13-amd64"
MODULES_DEP = """\
kernel/drivers/hv/hv_vmbus.ko:
kernel/drivers/scsi/hv_storvsc.ko: kernel/drivers/scsi/scsi_transport_fc.ko \
kernel/drivers/scsi/scsi_mod.ko kernel/drivers/scsi/scsi_common.ko kernel/drivers/hv/hv_vmbus.ko
kernel/drivers/scsi/scsi_common.ko:
kernel/drivers/scsi/scsi_mod.ko: kernel/drivers/scsi/scsi_common.ko
kernel/drivers/scsi/scsi_transport_fc.ko: kernel/drivers/scsi/scsi_mod.ko \
kernel/drivers/scsi/scsi_common.ko
kernel/drivers/hid/hid-hyperv.ko.xz: kernel/drivers/hv/hv_vmbus.ko
"""


def debian(release: str = RELEASE) -> dict[str, str | bytes]:
    return {
        f"/usr/lib/modules/{release}/modules.dep": MODULES_DEP,
        f"/usr/lib/modules/{release}/modules.builtin": "kernel/fs/ext4/ext4.ko\n",
        f"/boot/vmlinuz-{release}": "kernel",
        f"/boot/initrd.img-{release}": "initrd",
        f"/boot/config-{release}": '# CONFIG_XEN is not set\nCONFIG_HYPERV=m\nCONFIG_CC="gcc 12"\n',
    }


def only(entries: dict[str, object]) -> kernels.Kernel:
    (kernel,) = kernels.read(MemoryTree(entries))  # type: ignore[arg-type]
    return kernel


def test_debian() -> None:
    kernel = only({**debian(), "/lib": Link("usr/lib")})
    assert kernel.release == RELEASE
    assert kernel.modules_dir == f"/usr/lib/modules/{RELEASE}"
    assert kernel.image == f"/boot/vmlinuz-{RELEASE}"
    assert kernel.initramfs == f"/boot/initrd.img-{RELEASE}"
    assert kernel.loadable["hid_hyperv"] == "kernel/drivers/hid/hid-hyperv.ko.xz"
    assert kernel.needs["scsi_transport_fc"] == ("scsi_mod", "scsi_common")
    assert kernel.builtin == {"ext4"}
    assert kernel.config == {"HYPERV": "m", "CC": "gcc 12"}
    assert kernel.version == (6, 1, 0)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("hv_vmbus", ModuleState.LOADABLE),
        ("hid-hyperv", ModuleState.LOADABLE),
        ("ext4", ModuleState.BUILTIN),
        ("hv_netvsc", ModuleState.ABSENT),
    ],
)
def test_module_states(name: str, state: ModuleState) -> None:
    assert only({**debian()}).module(name) is state


def test_dependencies_come_first() -> None:
    kernel = only({**debian()})
    assert kernel.with_dependencies("hv-storvsc", "hid_hyperv", "ext4", "nowhere") == (
        "hv_vmbus",
        "scsi_common",
        "scsi_mod",
        "scsi_transport_fc",
        "hv_storvsc",
        "hid_hyperv",
    )
    assert kernel.with_dependencies() == ()


def test_dependencies_in_circles_end() -> None:
    kernel = only({"/lib/modules/1/modules.dep": "a.ko: b.ko c.ko\nb.ko: a.ko\nc.ko: c.ko b.ko\n"})
    assert kernel.with_dependencies("a") == ("b", "c", "a")


def test_newest_first() -> None:
    releases = [
        "5.14.0-427.el9.x86_64",
        "5.14.0-427.13.1.el9_4.x86_64",
        "6.1.0-9-amd64",
        "6.1.0-13-amd64",
        "6.1.0-rc1-amd64",
        "4.18.0-553.el8.x86_64",
    ]
    entries = {f"/lib/modules/{release}/modules.dep": "" for release in releases}
    found = [kernel.release for kernel in kernels.read(MemoryTree(entries))]
    assert found == [
        "6.1.0-13-amd64",
        "6.1.0-9-amd64",
        "6.1.0-rc1-amd64",
        "5.14.0-427.13.1.el9_4.x86_64",
        "5.14.0-427.el9.x86_64",
        "4.18.0-553.el8.x86_64",
    ]


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("5.14.0-427.el9.x86_64", (5, 14, 0)),
        ("6.6.4-0-lts", (6, 6, 4)),
        ("6.12", (6, 12)),
        ("linux", ()),
        ("9" * 5000, (999999999,)),
    ],
)
def test_version(release: str, version: tuple[int, ...]) -> None:
    assert only({f"/lib/modules/{release}/modules.dep": ""}).version == version


def test_red_hat() -> None:
    release = "5.14.0-427.el9.x86_64"
    kernel = only(
        {
            f"/lib/modules/{release}/modules.dep": "",
            f"/lib/modules/{release}/config": "CONFIG_HYPERV=y\n",
            f"/lib/modules/{release}/vmlinuz": "",
            f"/boot/vmlinuz-{release}": "",
            f"/boot/.vmlinuz-{release}.hmac": "",
            f"/boot/initramfs-{release}.img": "",
            f"/boot/initramfs-{release}kdump.img": "",
            "/boot/vmlinuz-0-rescue-ffffffffffffffffffffffffffffffff": "",
            "/boot/initramfs-0-rescue-ffffffffffffffffffffffffffffffff.img": "",
        }
    )
    assert kernel.image == f"/boot/vmlinuz-{release}"
    assert kernel.initramfs == f"/boot/initramfs-{release}.img"
    assert kernel.config == {"HYPERV": "y"}


def test_suse_links_are_followed() -> None:
    release = "5.14.21-150500.53-default"
    kernel = only(
        {
            f"/usr/lib/modules/{release}/modules.dep": "",
            f"/usr/lib/modules/{release}/vmlinuz": "kernel",
            f"/boot/vmlinuz-{release}": Link(f"../usr/lib/modules/{release}/vmlinuz"),
            "/boot/vmlinuz": Link(f"vmlinuz-{release}"),
            f"/boot/initrd-{release}": "initrd",
        }
    )
    assert kernel.image == f"/usr/lib/modules/{release}/vmlinuz"
    assert kernel.initramfs == f"/boot/initrd-{release}"


def bzimage(release: str) -> bytes:
    """An x86 boot header whose version string stands right behind it."""
    head = bytearray(0x400)
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x20E, 0x200)
    return bytes(head) + f"{release} (builder@host) #1 SMP\0".encode()


def test_an_image_without_a_release_in_its_name() -> None:
    kernel = only(
        {
            "/usr/lib/modules/6.6.8-arch1-1/modules.dep": "",
            "/boot/vmlinuz-linux": bzimage("6.6.8-arch1-1"),
            "/boot/initramfs-linux.img": "",
            "/boot/initramfs-linux-fallback.img": "",
        }
    )
    assert kernel.release == "6.6.8-arch1-1"
    assert kernel.image == "/boot/vmlinuz-linux"
    assert kernel.initramfs == "/boot/initramfs-linux.img"


def test_alpine_goes_by_the_flavour() -> None:
    kernel = only(
        {
            "/lib/modules/6.6.4-0-lts/modules.dep": "",
            "/boot/vmlinuz-lts": "an image for Arm64 says nothing",
            "/boot/initramfs-lts": "",
        }
    )
    assert (kernel.image, kernel.initramfs) == ("/boot/vmlinuz-lts", "/boot/initramfs-lts")


def test_an_image_without_modules_counts() -> None:
    kernel = only({"/boot/vmlinuz-6.1.0": "", "/boot/vmlinuz-6.1.0.old": "", "/boot/vmlinuz": ""})
    assert (kernel.release, kernel.modules_dir) == ("6.1.0", "")
    assert kernel.module("hv_vmbus") is ModuleState.ABSENT


def test_modules_left_behind_do_not() -> None:
    assert kernels.read(MemoryTree({"/lib/modules/5.10.0/modules.alias": ""})) == ()
    assert kernels.read(MemoryTree({})) == ()


def test_modules_that_depmod_has_not_seen() -> None:
    kernel = only(
        {
            "/lib/modules/6.1.0/kernel/drivers/hv/hv_vmbus.ko.zst": "",
            "/lib/modules/6.1.0/modules.dep": "",
        }
    )
    assert kernel.loadable == {"hv_vmbus": "kernel/drivers/hv/hv_vmbus.ko.zst"}
    assert kernel.needs == {"hv_vmbus": ()}


def test_absolute_paths_of_old_depmods() -> None:
    line = "/lib/modules/2.6.32/kernel/a.ko: /lib/modules/2.6.32/kernel/b-c.ko\n"
    kernel = only({"/lib/modules/2.6.32/modules.dep": line})
    assert kernel.loadable == {"a": "kernel/a.ko"}
    assert kernel.needs == {"a": ("b_c",)}


def elf(machine: int, bits: int = 2) -> bytes:
    return b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9) + struct.pack("<HH", 3, machine) + bytes(40)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (elf(62), Architecture.X64),
        (elf(183), Architecture.ARM64),
        (elf(62, bits=1), None),
        (elf(3, bits=1), None),
        (elf(243), None),
        (b"\x7fELF\x02", None),
        (b"#!/bin/sh\n", None),
    ],
)
def test_architecture(program: bytes, expected: Architecture | None) -> None:
    tree = MemoryTree(
        {"/bin": Link("usr/bin"), "/usr/bin/sh": Link("dash"), "/usr/bin/dash": program}
    )
    assert kernels.architecture(tree) is expected


def test_architecture_of_a_guest_whose_shell_leads_nowhere() -> None:
    tree = MemoryTree({"/bin/sh": Link("/bin/sh"), "/usr/lib/systemd/systemd": elf(62)})
    assert kernels.architecture(tree) is Architecture.X64
    assert kernels.architecture(MemoryTree({})) is None
