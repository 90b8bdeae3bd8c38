from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.command_line.menu_hidden import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

PATH = "/etc/default/grub"


@pytest.mark.parametrize(
    "text",
    [
        "",
        'GRUB_TERMINAL="console serial"\n',
        "GRUB_TERMINAL_OUTPUT=console\n",
        "GRUB_TIMEOUT_STYLE=hidden\nGRUB_TIMEOUT=3\n",
        "GRUB_TIMEOUT_STYLE=menu\nGRUB_TIMEOUT=0\n",
    ],
)
def test_others_pass(text: str) -> None:
    assert findings(check, subject(healthy({PATH: text}))) == ()


@pytest.mark.parametrize(
    "text",
    [
        "GRUB_TERMINAL=gfxterm\n",
        "GRUB_TERMINAL_OUTPUT='vga_text gfxterm'\n",
        "GRUB_TIMEOUT_STYLE=hidden\nGRUB_TIMEOUT=0\n",
    ],
)
def test_out_of_reach(text: str) -> None:
    found = finding(check, subject(healthy({PATH: text})))

    assert (found.severity, found.place.path) == (Severity.NOTE, PATH)
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
