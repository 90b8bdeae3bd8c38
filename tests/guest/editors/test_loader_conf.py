from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.editors.loader_conf import Option, option, set_option

TEXT = "# timeout 9\ntimeout  menu-force\neditor no\n\ttimeout 'menu-hidden' \nconsole-mode max\n"


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("timeout", Option("menu-hidden", 4)),
        ("editor", Option("no", 3)),
        ("console-mode", Option("max", 5)),
        ("default", None),
        ("time", None),
        ("#", None),
    ],
)
def test_the_last_line_of_a_key_counts(key: str, found: Option | None) -> None:
    assert option(TEXT, key) == found


def test_that_line_alone_is_changed() -> None:
    assert set_option(TEXT, "timeout", "5") == TEXT.replace("'menu-hidden'", "5")


@pytest.mark.parametrize(
    ("text", "more"),
    [("editor no\n", "timeout 5\n"), ("editor no", "\ntimeout 5"), ("", "timeout 5\n")],
)
def test_a_new_key_is_the_last_line(text: str, more: str) -> None:
    assert set_option(text, "timeout", "5") == text + more


def test_lines_of_windows_stay_so() -> None:
    assert set_option("timeout 0\r\neditor no\r\n", "timeout", "5") == "timeout 5\r\neditor no\r\n"


@given(st.text(alphabet="timeout 5#'\"\t\r\nx", max_size=60))
def test_any_text_has_it_in_force_and_twice_is_once(text: str) -> None:
    once = set_option(text, "timeout", "5")

    assert (found := option(once, "timeout")) is not None
    assert found.value == "5"
    assert set_option(once, "timeout", "5") == once
