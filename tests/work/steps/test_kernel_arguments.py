from __future__ import annotations

import pytest

from bootworthy.model.steps import SetKernelArguments
from bootworthy.work.steps.kernel_arguments import holds, set_arguments
from bootworthy.work.target import StepFailedError, Target
from tests.guest.memory import Node
from tests.guest.unified_images import unified_image
from tests.work.steps.targets import Programs, target

STEP = SetKernelArguments(add=("console=ttyS0",), remove=("quiet",))

BLS_GRUB: dict[str, str | bytes | Node] = {
    "/boot/grub2/grub.cfg": "load_env\nset default=${saved_entry}\nblscfg\n",
    "/etc/default/grub": 'GRUB_CMDLINE_LINUX="rhgb quiet"\nGRUB_ENABLE_BLSCFG=true\n',
    "/usr/sbin/grub2-mkconfig": "#!/bin/sh\n",
}


def entry(options: str) -> str:
    return f"title T\nversion 5.14\nlinux /vmlinuz-5.14\noptions {options}\n"


def menu(done: Target) -> list[tuple[str, ...]]:
    return [entry.arguments for entry in done.guest.boot_loader.entries]


def test_files_of_the_specification_the_template_and_the_defaults_change_together() -> None:
    done = target(
        {
            **BLS_GRUB,
            "/boot/loader/entries/a-5.14.conf": entry("root=UUID=x ro quiet"),
            "/boot/loader/entries/a-0-rescue.conf": entry("root=UUID=x ro quiet"),
            "/etc/kernel/cmdline": "root=UUID=x ro quiet\n",
        },
        runner=Programs(),
    )
    set_arguments(STEP, done)

    assert menu(done) == [("root=UUID=x", "ro", "console=ttyS0")] * 2
    assert done.tree.text("/etc/kernel/cmdline") == "root=UUID=x ro console=ttyS0\n"
    assert "rhgb console=ttyS0" in done.tree.text("/etc/default/grub")
    assert holds(STEP, done.guest)


def test_no_program_is_run_for_files_it_would_not_touch() -> None:
    programs = Programs()
    files = {**BLS_GRUB, "/boot/loader/entries/a.conf": entry("quiet")}
    set_arguments(STEP, target(files, runner=programs))

    assert programs.runs == []


def test_other_settings_of_the_defaults_reach_the_menu_by_the_guests_program() -> None:
    programs = Programs()
    files = {**BLS_GRUB, "/boot/loader/entries/a.conf": entry("root=UUID=x quiet")}
    done = target(files, runner=programs)
    step = SetKernelArguments(remove=("quiet",), variables=("GRUB_TERMINAL",))
    set_arguments(step, done)

    assert [run[0] for run in programs.runs] == ["/usr/sbin/grub2-mkconfig"]
    assert menu(done) == [("root=UUID=x",)]


def test_kernelopts_in_grubenv() -> None:
    block = "# GRUB Environment Block\nkernelopts=root=/dev/mapper/rl-root ro quiet\n".ljust(
        1024, "#"
    )
    files = {
        **BLS_GRUB,
        "/boot/grub2/grubenv": block,
        "/boot/loader/entries/a-4.18.conf": entry("$kernelopts $tuned_params"),
    }
    done = target(files)
    set_arguments(STEP, done)

    assert menu(done) == [("root=/dev/mapper/rl-root", "ro", "console=ttyS0")]
    assert len(done.tree.text("/boot/grub2/grubenv")) == 1024
    assert done.tree.text("/boot/loader/entries/a-4.18.conf") == entry("$kernelopts $tuned_params")


def test_twice_is_once() -> None:
    files = {**BLS_GRUB, "/boot/loader/entries/a.conf": entry("quiet"), "/etc/kernel/cmdline": "a"}
    done = target(files)
    set_arguments(STEP, done)
    list(done.take_changes())
    set_arguments(STEP, done)

    assert list(done.take_changes()) == []


def test_extlinux_of_alpine_and_its_template() -> None:
    done = target(
        {
            "/boot/extlinux.conf": "LABEL virt\n LINUX vmlinuz-virt\n APPEND root=UUID=x quiet\n",
            "/etc/update-extlinux.conf": 'default_kernel_opts="quiet rootfstype=ext4"\n',
        }
    )
    set_arguments(STEP, done)

    assert menu(done) == [("root=UUID=x", "console=ttyS0")]
    assert 'default_kernel_opts="rootfstype=ext4 console=ttyS0"' in done.tree.text(
        "/etc/update-extlinux.conf"
    )


def test_grub_legacy_of_suse_11_and_its_template() -> None:
    done = target(
        {
            "/boot/grub/menu.lst": "title S\n kernel /boot/vmlinuz root=/dev/sda1 quiet\n",
            "/etc/sysconfig/bootloader": 'DEFAULT_APPEND="splash=silent quiet"\n',
        }
    )
    set_arguments(STEP, done)

    assert menu(done) == [("root=/dev/sda1", "console=ttyS0")]
    assert '"splash=silent console=ttyS0"' in done.tree.text("/etc/sysconfig/bootloader")


def test_a_unified_image_is_left_to_its_owner_and_the_template_is_changed() -> None:
    image = unified_image(linux=b"k", cmdline=b"root=UUID=x quiet")
    done = target({"/efi/EFI/Linux/a.efi": image, "/etc/kernel/cmdline": "root=UUID=x quiet"})
    with pytest.raises(StepFailedError, match="unified kernel image"):
        set_arguments(STEP, done)

    assert done.tree.text("/etc/kernel/cmdline") == "root=UUID=x console=ttyS0"
    assert done.tree.read("/efi/EFI/Linux/a.efi") == image


def test_no_boot_loader() -> None:
    with pytest.raises(StepFailedError, match="no boot loader configuration"):
        set_arguments(STEP, target({"/etc/fstab": ""}))
