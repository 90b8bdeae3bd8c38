from __future__ import annotations

from bootworthy.model.steps import ResetMachineId
from bootworthy.work.steps.identity import reset_machine_id
from tests.rules.healthy import GRUB_CFG, MACHINE, healthy, systemd_boot
from tests.work.steps.conditions import target_of

NAME = "/etc/kernel/entry-token"


def test_boot_entries_keep_the_name_that_the_id_gave_them() -> None:
    target = target_of(
        healthy({GRUB_CFG: None, **systemd_boot(), "/etc/machine-id": f"{MACHINE}\n"})
    )
    reset_machine_id(ResetMachineId(), target)

    assert target.tree.read("/etc/machine-id") == b""
    assert target.tree.text(NAME) == f"{MACHINE}\n"


def test_a_word_that_was_chosen_stays() -> None:
    files = healthy({GRUB_CFG: None, **systemd_boot(), NAME: "debian\n"})
    target = target_of(files)
    reset_machine_id(ResetMachineId(), target)

    assert target.tree.text(NAME) == "debian\n"


def test_a_guest_with_grub_gets_no_word() -> None:
    target = target_of(healthy({"/etc/machine-id": f"{MACHINE}\n"}))
    reset_machine_id(ResetMachineId(), target)

    assert not target.tree.exists(NAME)
