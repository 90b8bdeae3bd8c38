from __future__ import annotations

import pytest

from bootworthy.report.plain import printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größe 日本", "größe 日本"),
        ("a\tb", "a\tb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb", "a\\x0ab"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b", "\\x9b"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_would_move_or_reorder_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_stay_lines() -> None:
    assert printable_lines("a\x1b\nb") == "a\\x1b\nb"
