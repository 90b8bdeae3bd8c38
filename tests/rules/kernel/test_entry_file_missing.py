from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import LoadInitramfs
from bootworthy.rules.kernel.entry_file_missing import check
from tests.guest.unified_images import unified_image
from tests.rules.healthy import (
    GRUB_CFG,
    INITRAMFS,
    KERNEL,
    RELEASE,
    ROOT_UUID,
    grub_cfg,
    healthy,
    kernel,
    without,
)
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("path", [KERNEL, INITRAMFS])
@pytest.mark.parametrize("content", [None, ""])
def test_a_file_of_the_default_entry_that_is_gone_or_empty(path: str, content: str | None) -> None:
    found = look({path: content})

    assert found[0].severity is Severity.ERROR
    assert path in found[0].message
    assert found[0].place.path == GRUB_CFG
    assert found[0].fix is not None
    assert found[0].fix.steps == ()


def test_an_entry_that_nobody_starts_is_a_warning() -> None:
    menu = grub_cfg(RELEASE, "5.10.0-1-amd64")
    found = look({GRUB_CFG: menu})

    assert {one.severity for one in found} == {Severity.WARNING}
    assert "/boot/vmlinuz-5.10.0-1-amd64" in found[0].message


def test_all_files_there_pass() -> None:
    assert look({}) == ()


LEGACY = f"title Linux\nkernel /vmlinuz-{RELEASE} root={{}} ro\n{{}}"
ENTRY = f"title Linux\nversion {RELEASE}\nlinux /vmlinuz-{RELEASE}\noptions root={{}} ro\n{{}}"
LABEL = f"LABEL l\n LINUX /vmlinuz-{RELEASE}\n APPEND root={{}} ro\n{{}}"
SCRIPT = f"menuentry 'Linux' {{{{\n\tlinux /boot/vmlinuz-{RELEASE} root={{}} ro\n{{}}}}}}\n"

LOADERS = {
    GRUB_CFG: SCRIPT,
    "/boot/loader/entries/l.conf": ENTRY,
    "/boot/extlinux/extlinux.conf": LABEL,
    "/boot/grub/menu.lst": LEGACY,
}
BUILT_IN = kernel(
    loadable=without("hv_vmbus", "hv_storvsc", "ext4"),
    builtin=("hv/hv_vmbus", "scsi/hv_storvsc", "fs/ext4/ext4"),
)


def started(path: str, root: str, initrd: str = "") -> dict[str, Entry | None]:
    """The healthy guest with this boot loader, which has one entry."""
    return {GRUB_CFG: None, path: LOADERS[path].format(root, initrd)}


@pytest.mark.parametrize("path", LOADERS)
def test_an_entry_that_loads_no_initramfs(path: str) -> None:
    (found,) = look(started(path, f"UUID={ROOT_UUID}"))

    assert found.severity is Severity.ERROR
    assert found.message == (
        "Linux loads no initramfs, which it needs for hv_vmbus, hv_storvsc, ext4, "
        f"root=UUID={ROOT_UUID}"
    ).replace("Linux", "l" if path.endswith("extlinux.conf") else "Linux", 1)
    assert found.fix is not None
    assert found.fix.steps == (LoadInitramfs(kernels=(KERNEL,)),)


@pytest.mark.parametrize("path", LOADERS)
def test_an_entry_that_loads_one_passes(path: str) -> None:
    name = f"/initrd.img-{RELEASE}"
    assert look(started(path, f"UUID={ROOT_UUID}", f"\tinitrd {name}\n")) == ()


@pytest.mark.parametrize(
    ("root", "needs"),
    [
        ("PARTUUID=0a1d5a52-7a0e-4c1e-8b4d-1f0e3a4b5c6d", ""),
        ("/dev/sda1", ""),
        ("UUID=x", "root=UUID=x"),
        ("LABEL=root", "root=LABEL=root"),
        ("/dev/mapper/rl-root", "root=/dev/mapper/rl-root"),
        ("/dev/rl/root", "root=/dev/rl/root"),
    ],
)
def test_a_kernel_with_its_drivers_built_in(root: str, needs: str) -> None:
    found = look({**BUILT_IN, **started(GRUB_CFG, root)})
    assert [one.message.partition("needs for ")[2] for one in found] == ([needs] if needs else [])


def test_a_root_whose_driver_is_a_module() -> None:
    storage = kernel(
        loadable=without("hv_vmbus", "hv_storvsc"), builtin=("hv/hv_vmbus", "scsi/hv_storvsc")
    )
    (found,) = look({**storage, **started(GRUB_CFG, "PARTUUID=1")})
    assert found.message.endswith("needs for ext4")


def test_a_second_way_with_an_initramfs_is_left() -> None:
    way = f"\tlinux /boot/vmlinuz-{RELEASE} root={{}} ro panic=-1\n"
    initrd = f"\tinitrd /boot/initrd.img-{RELEASE}\n"
    text = (
        "menuentry 'Linux' {\nif [ \"${initrdfail}\" = 1 ]; then\n"
        + way.format(f"UUID={ROOT_UUID}")
        + initrd
        + "else\n"
        + way.format("PARTUUID=1")
        + "fi\n}\n"
    )
    (found,) = look({GRUB_CFG: text})
    assert found.severity is Severity.WARNING


def test_a_unified_image_without_an_initramfs() -> None:
    image = unified_image(
        linux=b"k", cmdline=f"root=UUID={ROOT_UUID}".encode(), uname=RELEASE.encode()
    )
    (found,) = look({GRUB_CFG: None, "/boot/efi/EFI/Linux/l.efi": image})
    assert found.fix is not None
    assert found.fix.steps == ()


def test_where_there_is_none_to_load_another_rule_says_so() -> None:
    assert look({INITRAMFS: None, **started(GRUB_CFG, f"UUID={ROOT_UUID}")}) == ()


def test_what_is_no_linux_needs_none() -> None:
    memtest = "menuentry 'm' {\n linux16 /boot/memtest86+.bin console=ttyS0\n}\n"
    assert look({GRUB_CFG: grub_cfg() + memtest, "/boot/memtest86+.bin": "x"}) == ()
