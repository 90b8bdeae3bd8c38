from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.grub_config_stale import check
from tests.rules.command_line.menus import arguments_of, booting, look
from tests.rules.healthy import ARGUMENTS, GRUB_CFG, grub_cfg
from tests.rules.making import Entry

DEFAULTS = "/etc/default/grub"
DROP_IN = "/etc/default/grub.d/90-azure.cfg"


def test_a_menu_made_of_the_defaults_passes() -> None:
    assert look(check, {}) == ()
    assert look(check, {DEFAULTS: None, DROP_IN: None}) == ()


@pytest.mark.parametrize("path", [DEFAULTS, DROP_IN, "/etc/default/grub.d/99-mine.cfg"])
@pytest.mark.parametrize("name", ["GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"])
def test_a_menu_older_than_its_defaults(path: str, name: str) -> None:
    changes: dict[str, Entry | None] = {DROP_IN: None, path: f'{name}="panic=1"\n'}
    (found,) = look(check, changes)

    assert found.severity is Severity.WARNING
    assert found.message == "the boot menu is older than the defaults it is made from"
    assert found.expected == "panic=1"
    assert arguments_of(found.fix) == SetKernelArguments()


def test_recovery_entries_have_no_normal_arguments() -> None:
    changes = {DEFAULTS: 'GRUB_CMDLINE_LINUX_DEFAULT="panic=1"\n'}
    assert look(check, {**changes, **booting(f"{ARGUMENTS} panic=1", recovery=ARGUMENTS)}) == ()


def test_entries_of_ones_own_have_arguments_of_their_own() -> None:
    own = "menuentry 'mine' {\n\tlinux /boot/vmlinuz-6.1.0-28-amd64 root=/dev/sda1 ro\n}\n"
    assert look(check, {GRUB_CFG: grub_cfg() + own}) == ()


def test_what_has_to_be_quoted_is_not_compared() -> None:
    quoted = "GRUB_CMDLINE_LINUX='dyndbg=\"file drivers/usb/* +p\" x=\\$y'\n"
    assert look(check, {DROP_IN: quoted}) == ()


def test_a_menu_of_other_systems_alone() -> None:
    only = "menuentry 'repair' {\n\tlinux /boot/vmlinuz-6.1.0-28-amd64 ro single\n}\n"
    assert look(check, {GRUB_CFG: only}) == ()
