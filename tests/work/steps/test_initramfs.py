from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from bootworthy.guest.recording import RecordingTree
from bootworthy.model.steps import InstallPackages, UpdateInitramfs
from bootworthy.rules import drivers
from bootworthy.work.steps.initramfs import update
from bootworthy.work.steps.packages import install
from bootworthy.work.target import ApplyOptions, InitramfsWay, StepFailedError, Target
from tests.guest.memory import MemoryTree
from tests.guest.unified_images import unified_image
from tests.rules.healthy import (
    GRUB_CFG,
    INITRAMFS,
    MACHINE,
    RELEASE,
    healthy,
    initramfs,
    systemd_boot,
)
from tests.rules.making import Entry
from tests.work.steps.conditions import Program, Recorded, target_of

STEP = UpdateInitramfs(modules=drivers.INITRAMFS)
COPY = f"/boot/efi/{MACHINE}/{RELEASE}/initrd.img-{RELEASE}"
POOR = initramfs(("ext4",))
RICH = initramfs()


def machine(changes: dict[str, Entry | None], program: Program) -> Target:
    """A guest with systemd-boot whose initramfs knows nothing of Azure."""
    files = healthy(
        {GRUB_CFG: None, INITRAMFS: POOR, **systemd_boot(), COPY: POOR, **changes},
    )
    return target_of(files, Recorded(program))


def making(target: list[Target], data: bytes) -> Program:
    """update-initramfs on a host whose kernel does not know the partition of the copy."""

    def program(argv: tuple[str, ...]) -> tuple[int, str]:
        if argv[0] == "update-initramfs":
            target[0].tree.write(INITRAMFS, data)
        return 0, ""

    return program


def test_what_was_rebuilt_is_copied_to_where_systemd_boot_reads_it() -> None:
    made: list[Target] = []
    made.append(machine({}, making(made, RICH)))

    update(STEP, made[0])

    assert made[0].tree.read(COPY) == RICH
    assert made[0].tree.read(f"{INITRAMFS}.bak") == POOR
    assert not made[0].tree.exists(f"{COPY}.bak")


def test_what_the_builder_leaves_out_is_put_into_the_copy() -> None:
    made: list[Target] = []
    made.append(machine({}, making(made, POOR)))

    update(STEP, made[0])

    inside = made[0].guest.initramfs(COPY)
    assert all(map(inside.has_module, drivers.INITRAMFS))


def test_packages_that_have_it_rebuilt_refresh_the_copy() -> None:
    made: list[Target] = []

    def program(argv: tuple[str, ...]) -> tuple[int, str]:
        if "install" in argv:
            made[0].tree.write(INITRAMFS, RICH)
        return 0, ""

    made.append(machine({}, program))

    install(InstallPackages(packages=("cloud-initramfs-growroot",)), made[0])

    assert made[0].tree.read(COPY) == RICH


def test_packages_that_leave_it_alone_leave_the_copy_as_it_is() -> None:
    target = machine({COPY: RICH}, lambda _: (0, ""))

    install(InstallPackages(packages=("chrony",)), target)

    assert target.tree.read(COPY) == RICH
    assert target.tree.read(INITRAMFS) == POOR


def test_an_initramfs_in_a_unified_image_is_left_to_its_owner() -> None:
    place = "/boot/efi/EFI/Linux/debian.efi"
    image = unified_image(
        linux=b"k", uname=RELEASE.encode(), cmdline=b"root=x", initrd=POOR, osrel=b"NAME=D\n"
    )
    files = healthy({GRUB_CFG: None, INITRAMFS: POOR, place: image})
    target = target_of(files, Recorded(lambda _: (0, "")))

    with pytest.raises(StepFailedError, match=f"part of {place}: have the guest's kernel-install"):
        update(STEP, target)

    assert target.tree.read(place) == image
    assert "hv_storvsc" in target.tree.text("/etc/initramfs-tools/modules")


class Full(MemoryTree):
    """A FAT without room for what is new: such a write leaves nothing behind."""

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Replace a file; a new one finds no room."""
        if path.endswith(".bak"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        super().write_at(path, data, mode)


def test_without_room_for_a_backup_there_is_none() -> None:
    target = replace(
        machine({}, lambda _: (0, "")),
        tree=RecordingTree(Full(healthy({INITRAMFS: POOR}))),
        options=ApplyOptions(initramfs=InitramfsWay.APPEND),
    )

    update(STEP, target)

    inside = target.guest.initramfs(INITRAMFS)
    assert all(map(inside.has_module, drivers.INITRAMFS))
    assert not target.tree.exists(f"{INITRAMFS}.bak")
