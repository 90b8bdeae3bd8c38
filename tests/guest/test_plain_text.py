"""What is no text, or too large, is refused with its place."""

from __future__ import annotations

import pytest

from bootworthy.guest.plain_text import CONFIGURATION_LIMIT, read_configuration, require_text
from bootworthy.model.errors import GuestError
from tests.guest.memory import Dir, Link, MemoryTree


def test_text_is_returned() -> None:
    assert require_text("a\n", "/f") == "a\n"
    assert read_configuration(MemoryTree({"/f": b"a\xff\n"}), "/f") == "a\udcff\n"


def test_a_nul_byte_is_found_with_its_line() -> None:
    with pytest.raises(GuestError) as raised:
        require_text("a\nb\nc\0", "/etc/x")

    assert raised.value.code == "guest-file-corrupt"
    assert raised.value.message == "/etc/x:3 in the guest: a NUL byte: this is not text"
    assert raised.value.hint


@pytest.mark.parametrize("node", [Dir(), Link("/none"), Link("/f")])
def test_what_is_no_file_is_none(node: Dir | Link) -> None:
    assert read_configuration(MemoryTree({"/f": node}), "/f") is None
    assert read_configuration(MemoryTree({"/f": node}), "/other") is None


def test_a_file_that_is_too_large_is_refused() -> None:
    tree = MemoryTree({"/f": b"a" * (CONFIGURATION_LIMIT + 1)})

    with pytest.raises(GuestError) as raised:
        read_configuration(tree, "/f")

    assert raised.value.code == "guest-file-too-large"
