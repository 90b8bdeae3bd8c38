from __future__ import annotations

import pytest

from bootworthy.guest.facts import selinux
from tests.guest.memory import MemoryTree

CONTEXTS = "/etc/selinux/targeted/contexts/files/file_contexts"


def is_on(config: str | bytes, *, policy: bool = True) -> bool:
    files: dict[str, str | bytes] = {selinux.CONFIG: config}
    if policy:
        files[CONTEXTS] = "/.* system_u:object_r:default_t:s0\n"
    return selinux.read(MemoryTree(dict(files))).is_on


@pytest.mark.parametrize("mode", ["enforcing", "permissive", "Enforcing"])
def test_on(mode: str) -> None:
    assert is_on(f"# comment\nSELINUX={mode}\nSELINUXTYPE=targeted\n")


@pytest.mark.parametrize(
    "config",
    [
        "SELINUX=disabled\nSELINUXTYPE=targeted\n",
        "SELINUX=enforcing\nSELINUXTYPE=mls\n",
        "SELINUX=enforcing\nSELINUXTYPE=../../tmp\n",
        "",
        b"\0\0\0",
    ],
)
def test_off(config: str | bytes) -> None:
    assert not is_on(config)


def test_without_a_policy_there_is_nothing_to_label_for() -> None:
    assert not is_on("SELINUX=enforcing\nSELINUXTYPE=targeted\n", policy=False)


def test_without_a_configuration() -> None:
    assert not selinux.read(MemoryTree()).is_on
