from __future__ import annotations

import pytest

from bootworthy.guest.facts import boot_loader
from bootworthy.guest.facts.boot_loader import EntryFormat, LoaderKind
from bootworthy.guest.guest import Guest
from tests.guest.memory import MemoryTree, Node
from tests.guest.unified_images import unified_image
from tests.rules.healthy import efi_program

MACHINE = "3f1d0a4c9b5e4d71a7c6f2e8d4b6a901"
NEW, OLD = "6.12.5-amd64", "6.1.0-13-amd64"


def entry(release: str) -> str:
    folder = f"/{MACHINE}/{release}"
    return (
        f"# written by kernel-install\ntitle      Debian GNU/Linux\nversion    {release}\n"
        f"options    root=UUID=a-b ro quiet\nlinux      {folder}/linux\n"
        f"initrd     {folder}/initrd.img-{release}\n"
    )


FILES = {
    "/boot/efi/loader/loader.conf": f"timeout 3\ndefault {MACHINE}-{OLD}*\n",
    **{f"/boot/efi/loader/entries/{MACHINE}-{r}.conf": entry(r) for r in (OLD, NEW)},
    **{f"/boot/efi/{MACHINE}/{r}/linux": "kernel" for r in (OLD, NEW)},
    **{f"/boot/efi/{MACHINE}/{r}/initrd.img-{r}": "initramfs" for r in (OLD, NEW)},
    **{f"/usr/lib/modules/{r}/modules.dep": "" for r in (OLD, NEW)},
}


def test_entries_count_from_the_partition_they_are_on() -> None:
    loader = boot_loader.read(MemoryTree(FILES))

    assert (loader.kind, loader.path) == (LoaderKind.SYSTEMD_BOOT, "/boot/efi/loader/loader.conf")
    assert [(e.release, e.default) for e in loader.entries] == [(NEW, False), (OLD, True)]
    assert loader.entries[0].kernel == f"/boot/efi/{MACHINE}/{NEW}/linux"
    assert loader.entries[0].line == 4


def test_the_entry_says_which_initramfs_a_kernel_has() -> None:
    newest = Guest(MemoryTree(FILES)).kernels[0]

    assert newest.initramfs == f"/boot/efi/{MACHINE}/{NEW}/initrd.img-{NEW}"


def test_what_kernel_install_copied_is_what_boots() -> None:
    originals = {
        f"/boot/{name}-{r}": "old" for r in (OLD, NEW) for name in ("vmlinuz", "initrd.img")
    }
    guest = Guest(MemoryTree({**FILES, **originals}))

    assert [(k.initramfs, k.copied_from) for k in guest.bootable_kernels] == [
        (f"/boot/efi/{MACHINE}/{r}/initrd.img-{r}", f"/boot/initrd.img-{r}") for r in (NEW, OLD)
    ]


def test_a_kernel_that_was_not_copied_does_not_boot() -> None:
    left = {"/boot/vmlinuz-6.13.1-amd64": "k", "/boot/initrd.img-6.13.1-amd64": "i"}
    guest = Guest(MemoryTree({**FILES, **left}))

    assert len(guest.kernels) == 3
    assert [kernel.release for kernel in guest.bootable_kernels] == [NEW, OLD]


def test_microcode_before_an_initramfs_is_not_taken_for_it() -> None:
    files = {
        **FILES,
        f"/boot/efi/loader/entries/{MACHINE}-{NEW}.conf": entry(NEW).replace(
            "initrd ", "initrd /ucode.img\ninitrd "
        ),
        "/boot/efi/ucode.img": "microcode",
    }

    newest = Guest(MemoryTree(files)).kernels[0]

    assert newest.initramfs == f"/boot/efi/{MACHINE}/{NEW}/initrd.img-{NEW}"


@pytest.mark.parametrize(
    ("sections", "kind"),
    [
        ((b".sdmagic", b".osrel"), LoaderKind.SYSTEMD_BOOT),
        ((b".text",), LoaderKind.GRUB2),
        # The stub of a unified image.
        ((b".sdmagic", b".linux"), LoaderKind.GRUB2),
    ],
)
def test_beside_a_menu_of_grub_the_firmware_decides(
    sections: tuple[bytes, ...], kind: LoaderKind
) -> None:
    menu = {"/boot/grub/grub.cfg": "menuentry 'x' {\n linux /boot/vmlinuz-1 ro\n}\n"}
    esp = MemoryTree({"/EFI/BOOT/bootx64.efi": efi_program(0x8664, *sections)})
    guest = Guest(MemoryTree({**FILES, **menu}), esp_tree=esp)

    assert guest.boot_loader.kind is kind


def test_unified_images_are_read_by_their_sections() -> None:
    image = unified_image(
        osrel=b'NAME=x\nPRETTY_NAME="Arch Linux"\n',
        cmdline=b"root=LABEL=r rw console=ttyS0\n\0",
        uname=NEW.encode(),
        linux=b"MZ kernel",
        initrd=b"not an archive",
    )
    files: dict[str, str | bytes | Node] = {
        "/efi/EFI/Linux/arch-linux.efi": image,
        f"/usr/lib/modules/{NEW}/modules.dep": "",
    }
    guest = Guest(MemoryTree(files))
    (found,) = guest.boot_loader.entries

    assert guest.boot_loader.kind is LoaderKind.UNIFIED
    assert (found.title, found.release, found.form) == ("Arch Linux", NEW, EntryFormat.UNIFIED)
    assert found.arguments == ("root=LABEL=r", "rw", "console=ttyS0")
    assert [kernel.release for kernel in guest.bootable_kernels] == [NEW]
    inside = guest.initramfs(guest.kernels[0].initramfs or "")
    assert "offset 0" in inside.problem


def test_efi_programs_that_hold_no_kernel_and_garbage_are_no_entries() -> None:
    files = {
        "/efi/EFI/Linux/a.efi": unified_image(text=b"code"),
        "/efi/EFI/Linux/b.efi": b"MZ",
        "/efi/EFI/Linux/c.efi": b"MZ".ljust(0x3C, b"\0") + b"\xff\xff\xff\xff",
        "/efi/EFI/Linux/d.efi": unified_image(linux=b"k")[:120],
    }

    assert boot_loader.read(MemoryTree(files)).kind is LoaderKind.NONE


def test_a_configuration_without_entries_is_a_problem() -> None:
    loader = boot_loader.read(MemoryTree({"/efi/loader/loader.conf": "timeout 3\n"}))

    assert loader.problem == "it has no entry that starts Linux"
