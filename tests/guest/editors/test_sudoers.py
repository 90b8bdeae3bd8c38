"""Rules of one user are taken out of sudoers."""

from __future__ import annotations

import pytest

from bootworthy.guest.editors.sudoers import has_rules, without_users


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ann ALL=(ALL) ALL\nbob ALL=(ALL) ALL\n", "bob ALL=(ALL) ALL\n"),
        ("\tann\tALL=(ALL)\tALL\n", ""),
        ("ann,bob ALL=(ALL) ALL\n", "bob ALL=(ALL) ALL\n"),
        ("bob, ann, eve ALL=(ALL) ALL\n", "bob, eve ALL=(ALL) ALL\n"),
        ("ann ALL=(ALL) \\\n  NOPASSWD: ALL\nbob ALL=ALL\n", "bob ALL=ALL\n"),
        ("ann \\\n ALL=(ALL) ALL", ""),
        ("Defaults:ann !requiretty\n", ""),
        ("Defaults:ann,bob !requiretty\n", "Defaults:bob !requiretty\n"),
        ("anna ALL=(ALL) ALL\n", "anna ALL=(ALL) ALL\n"),
        ("%ann ALL=(ALL) ALL\n", "%ann ALL=(ALL) ALL\n"),
        ("# ann ALL=(ALL) ALL\n", "# ann ALL=(ALL) ALL\n"),
        ("User_Alias ADMINS = ann, bob\n", "User_Alias ADMINS = ann, bob\n"),
        ("#includedir /etc/sudoers.d\n", "#includedir /etc/sudoers.d\n"),
        ("bob ALL=(ann) ALL\n", "bob ALL=(ann) ALL\n"),
    ],
)
def test_rules_of_a_user(before: str, after: str) -> None:
    assert without_users(before, {"ann"}) == after
    assert without_users(after, {"ann"}) == after


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("# comment\n\n  # more\n", False),
        ("#includedir /x\n", True),
        ("#1000 ALL=ALL\n", True),
        ("@include x\n", True),
        ("bob ALL=ALL\n", True),
    ],
)
def test_what_counts_as_a_rule(text: str, expected: bool) -> None:
    assert has_rules(text) is expected
