from __future__ import annotations

import pytest

from bootworthy.guest.editors.grub_environment import set_variable
from bootworthy.guest.facts.boot_loaders.grub_environment import SIGNATURE, parse
from bootworthy.model.errors import GuestError

BLOCK = (SIGNATURE + "saved_entry=x\nkernelopts=root=a ro\nboot_success=0\n").ljust(1024, "#")


def test_a_value_changes_and_the_size_does_not() -> None:
    changed = set_variable(BLOCK, "kernelopts", "root=a ro console=ttyS0")

    assert len(changed) == 1024
    assert list(parse(changed).items()) == [
        ("saved_entry", "x"),
        ("kernelopts", "root=a ro console=ttyS0"),
        ("boot_success", "0"),
    ]


def test_backslashes_are_read_back() -> None:
    assert parse(set_variable(BLOCK, "kernelopts", r"a\b"))["kernelopts"] == r"a\b"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(GuestError, match="does not fit"):
        set_variable(BLOCK, "kernelopts", "x" * 1024)


def test_what_is_no_block_is_refused() -> None:
    with pytest.raises(GuestError, match="not a GRUB environment block"):
        set_variable("kernelopts=x\n", "kernelopts", "y")
