"""LVM's text format."""

from __future__ import annotations

import pytest

from bootworthy.disk.lvm.text import TextError, parse


def test_every_kind_of_value() -> None:
    text = """
    # a comment
    vg { seqno = 7 # behind
      name = "a \\"b\\" \\\\ c" empty = [] list = [ "x", 1,
      2 ] ratio = 1.5 }
    version = -1
    """
    assert parse(text) == {
        "vg": {
            "seqno": 7,
            "name": 'a "b" \\ c',
            "empty": [],
            "list": ["x", 1, 2],
            "ratio": "1.5",
        },
        "version": -1,
    }


@pytest.mark.parametrize(
    "text",
    ["a {", "a = ", "a = [1", "a }", "= 1", 'a = "b', "a = }", "a b", "a = [ { ]", "a = \x01", "}"],
)
def test_what_is_not_in_the_format(text: str) -> None:
    with pytest.raises(TextError):
        parse(text)


def test_no_depth_exhausts_the_stack() -> None:
    with pytest.raises(TextError, match="too deep"):
        parse("a {" * 100_000)
