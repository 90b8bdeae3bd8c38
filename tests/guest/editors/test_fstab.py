"""fstab lines become comments or get options; nothing else moves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.editors.fstab import add_options, drop_lines
from bootworthy.guest.facts.fstab import parse
from bootworthy.model.errors import GuestError

TABLE = """\
# /etc/fstab
UUID=1 /       ext4    errors=remount-ro 0       1

UUID=2 none    swap    sw              0       0
/swapfile none swap sw 0 0
LABEL=x\t/x\text4\n"""


def test_dropped_lines_are_comments_that_say_why() -> None:
    text = drop_lines(TABLE, (4, 5), reason="no swap on\nthe OS disk")

    assert text == TABLE.replace("UUID=2", "# no swap on the OS disk: UUID=2").replace(
        "/swapfile", "# no swap on the OS disk: /swapfile"
    )
    assert [entry.line for entry in parse(text).entries] == [2]


def test_dropping_twice_changes_nothing() -> None:
    once = drop_lines(TABLE, (1, 3, 4), reason="why")

    assert drop_lines(once, (1, 3, 4), reason="why") == once
    assert once == TABLE.replace("UUID=2", "# why: UUID=2")


@pytest.mark.parametrize("number", [0, -1, 99])
def test_lines_that_are_not_there_are_passed_over(number: int) -> None:
    assert drop_lines(TABLE, (number,), reason="why") == TABLE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("UUID=1 /a ext4 defaults 0 2", "UUID=1 /a ext4 defaults,nofail,x-a=1 0 2"),
        ("UUID=1\t/a\text4\tro,nofail\t0 2", "UUID=1\t/a\text4\tro,nofail,x-a=1\t0 2"),
        ("UUID=1 /a ext4 x-a=9", "UUID=1 /a ext4 x-a=9,nofail"),
        ("UUID=1 /a ext4\r", "UUID=1 /a ext4 nofail,x-a=1\r"),
        ("UUID=1 /a", "UUID=1 /a"),
        ("# UUID=1 /a ext4 defaults", "# UUID=1 /a ext4 defaults"),
        ("", ""),
    ],
)
def test_options_are_added_once(line: str, expected: str) -> None:
    once = add_options(f"#\n{line}\n", (2,), ("nofail", "x-a=1"))

    assert once == f"#\n{expected}\n"
    assert add_options(once, (2,), ("nofail", "x-a=1")) == once


def test_a_binary_file_is_refused() -> None:
    with pytest.raises(GuestError) as raised:
        drop_lines("\0", (1,), reason="why")

    assert raised.value.code == "guest-file-corrupt"


@settings(deadline=None)
@given(st.text(alphabet="a# \t\r\n,=", max_size=40), st.lists(st.integers(0, 6), max_size=3))
def test_other_lines_never_change(text: str, numbers: list[int]) -> None:
    edited = drop_lines(text, numbers, reason="why").split("\n")

    for number, (old, new) in enumerate(zip(text.split("\n"), edited, strict=True), 1):
        assert old == new or number in numbers
