"""Kernel command lines are changed token by token."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.editors.kernel_arguments import change, split


def test_quotes_hold_a_token_together() -> None:
    line = 'ro dyndbg="file drivers/hv/* +p"  "quiet" console=ttyS0'

    assert split(line) == ("ro", 'dyndbg="file drivers/hv/* +p"', '"quiet"', "console=ttyS0")


@pytest.mark.parametrize(
    ("line", "add", "remove", "expected"),
    [
        ("", ("console=ttyS0",), (), "console=ttyS0"),
        ("ro quiet splash", (), ("quiet", "rhgb"), "ro splash"),
        ("quiet", (), ("quiet",), ""),
        ("ro  quiet", (), ("quiet",), "ro"),
        ("", ("a", "b"), ("a",), "a b"),
        ("a b c", ("a", "b"), ("a",), "c a b"),
        ("quiet splash ro", (), ("quiet", "splash"), "ro"),
        ("root=/dev/sda1 ro", ("rootdelay=300",), (), "root=/dev/sda1 ro rootdelay=300"),
        ("crashkernel=auto ro crashkernel=1G,high", (), ("crashkernel",), "ro"),
        ("crashkernel=256M ro", (), ("crashkernel=auto",), "crashkernel=256M ro"),
        ("splash=silent splash", (), ("splash",), ""),
        ("rhgb.x=1 xrhgb", (), ("rhgb",), "rhgb.x=1 xrhgb"),
        ("console=tty0 console=ttyS0", ("console=ttyS0",), (), "console=tty0 console=ttyS0"),
        ("console=ttyS0", ("console=tty0",), (), "console=ttyS0 console=tty0"),
        (
            "console=ttyS0 console=tty0",
            ("console=ttyS0",),
            ("console=ttyS0",),
            "console=tty0 console=ttyS0",
        ),
        ("console=ttyS0 console=ttyS0", (), (), "console=ttyS0 console=ttyS0"),
        ("libata.atapi-enabled=0", (), ("libata.atapi_enabled=0",), ""),
        ('a="x y" quiet', ("b",), ("quiet",), 'a="x y" b'),
        ("ro -- single", ("console=ttyS0",), (), "ro console=ttyS0 -- single"),
        ("-- quiet", ("ro",), ("quiet",), "ro -- quiet"),
        ("$vt_handoff ${x} ro", ("b",), (), "$vt_handoff ${x} ro b"),
        ("ro ", ("b",), (), "ro b "),
    ],
)
def test_changes(line: str, add: tuple[str, ...], remove: tuple[str, ...], expected: str) -> None:
    assert change(line, add=add, remove=remove) == expected


TOKENS = st.sampled_from(["ro", "quiet", "console=tty0", "console=ttyS0", 'a="b c"', "--", "x"])
LINES = st.lists(TOKENS, max_size=8).map(" ".join)


@settings(deadline=None)
@given(LINES, st.lists(TOKENS.filter("--".__ne__), max_size=3), TOKENS)
def test_changing_twice_changes_nothing(line: str, add: list[str], remove: str) -> None:
    once = change(line, add=add, remove=(remove,))

    assert change(once, add=add, remove=(remove,)) == once


@settings(deadline=None)
@given(st.text(alphabet='ab =-"\t', max_size=30))
def test_nothing_to_change_keeps_the_line(line: str) -> None:
    assert change(line) == line
    assert (
        "".join(split(line)).replace(" ", "") == "".join(char for char in line if char not in "\t ")
        or '"' in line
    )
