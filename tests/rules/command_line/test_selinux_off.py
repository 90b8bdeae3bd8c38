from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.command_line.selinux_off import check
from tests.rules.command_line.menus import booting
from tests.rules.healthy import GRUB_CFG, healthy
from tests.rules.making import Entry, findings, subject

CONFIG = "/etc/selinux/config"


def look(argument: str, mode: str = "enforcing") -> tuple[Finding, ...]:
    changes: dict[str, Entry | None] = {
        **booting(argument),
        CONFIG: f"SELINUX={mode}\nSELINUXTYPE=targeted\n",
        "/etc/selinux/targeted/contexts/files/file_contexts": "x",
    }
    return findings(check, subject(healthy(changes)))


def test_others_pass() -> None:
    assert look("selinux=1") == ()
    assert look("selinux=0", mode="disabled") == ()
    assert findings(check, subject(healthy(booting("selinux=0")))) == ()


@pytest.mark.parametrize("argument", ["selinux=0", "enforcing=0"])
def test_it_is_overridden(argument: str) -> None:
    (found,) = look(argument)

    assert (found.severity, found.place.path) == (Severity.WARNING, GRUB_CFG)
    assert found.message == f"{argument} overrides {CONFIG}"
