from __future__ import annotations

from bootworthy.rules.cleanup.leftovers import non_empty_files, present, shorten
from tests.guest.memory import Dir, Link, MemoryTree

TREE = MemoryTree({"/a/full": "x", "/a/empty": "", "/a/dir": Dir(), "/a/link": Link("full")})


def test_each_path_once() -> None:
    assert present(TREE, ("/a/f*", "/a/full", "/b/*", "/a/link")) == ["/a/full", "/a/link"]


def test_files_that_hold_something() -> None:
    assert non_empty_files(TREE, ("/a/*",)) == ["/a/full"]


def test_the_first_few() -> None:
    assert shorten([]) == ""
    assert shorten(list("abcde")) == "a, b, c, d, e"
    assert shorten(list("abcdefg")) == "a, b, c, d, e and 2 more"
