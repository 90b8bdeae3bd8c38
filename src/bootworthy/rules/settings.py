"""Single settings of a guest's files, for rules that go on without those that cannot be read."""

from __future__ import annotations

from bootworthy.guest.editors.key_value import KeyValueFile
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError


def text_of(tree: Tree, path: str) -> str:
    """What a file says; empty when it is not there or no text."""
    try:
        return read_configuration(tree, path) or ""
    except GuestError:
        return ""


def value_of(tree: Tree, path: str, key: str) -> str | None:
    """What a file of ``key=value`` lines says of a key, None when nothing that can be read."""
    try:
        return KeyValueFile(text_of(tree, path), path).get(key)
    except GuestError:
        return None
