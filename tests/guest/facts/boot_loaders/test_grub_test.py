from __future__ import annotations

import pytest

from bootworthy.guest.facts.boot_loaders import grub_test


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("", False),
        ("word", True),
        ("-n word", True),
        ("-n", False),
        ("-z", True),
        ("-z word", False),
        ("! word", False),
        ("! ! word", True),
        ("a = a", True),
        ("a == b", False),
        ("a != b", True),
        ("a < b", True),
        ("2 -lt 10", True),
        ("2 -gt x", True),
        ("9999999999999999999999999 -gt 1", True),
        ("-f /there", True),
        ("-d /gone", False),
        ("a -a -f /there", True),
        ("a = b -o a = a", True),
        ("a = b -a strange operator here", False),
        ("a -a strange operator here", None),
        ("strange operator here -o a", True),
        ("! strange operator here", None),
        ("a -pgt b", None),
    ],
)
def test_evaluate(expression: str, result: bool | None) -> None:
    words = expression.split()
    assert grub_test.evaluate(words, lambda _option, path: path == "/there") is result
