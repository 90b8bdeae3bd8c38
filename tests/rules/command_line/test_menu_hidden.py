from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.model.steps import SetKernelArguments, SetKeys
from bootworthy.rules.command_line.menu_hidden import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

PATH = "/etc/default/grub"
DROP_IN = "/etc/default/grub.d/50-cloudimg.cfg"
SERIAL = "serial --speed=115200 --unit=0 --word=8 --parity=no --stop=1"


def look(changes: dict[str, Entry | None], generation: Generation) -> tuple[Finding, ...]:
    intent = Intent(generation=generation)
    return findings(check, subject(healthy(changes), intent=intent))


def fixed(finding: Finding) -> SetKeys:
    assert finding.fix is not None
    assert finding.fix.safety is Safety.SAFE
    keys, menu = finding.fix.steps
    assert isinstance(keys, SetKeys)
    assert menu == SetKernelArguments(variables=tuple(name for name, _ in keys.settings))
    return keys


@pytest.mark.parametrize(
    "text",
    [
        "",
        'GRUB_TERMINAL="console serial"\n',
        "GRUB_TERMINAL_OUTPUT=console\n",
        "GRUB_TERMINAL=serial\nGRUB_TERMINAL_OUTPUT=gfxterm\n",
        "GRUB_TIMEOUT_STYLE=hidden\nGRUB_TIMEOUT=3\n",
        "GRUB_TIMEOUT_STYLE=menu\nGRUB_TIMEOUT=0\n",
    ],
)
def test_others_pass(text: str) -> None:
    assert look({PATH: text}, Generation.BIOS) == ()


@pytest.mark.parametrize("text", ["GRUB_TERMINAL=gfxterm", "GRUB_TERMINAL_OUTPUT='vga gfxterm'"])
def test_graphics_alone(text: str) -> None:
    (found,) = look({PATH: f"{text}\n"}, Generation.BIOS)

    assert (found.severity, found.place.path) == (Severity.NOTE, PATH)
    wanted = (("GRUB_TERMINAL", "console serial"), ("GRUB_SERIAL_COMMAND", SERIAL))
    assert fixed(found) == SetKeys(path=PATH, settings=wanted)


def test_a_serial_port_of_the_owners_stays() -> None:
    text = "GRUB_TERMINAL=gfxterm\nGRUB_SERIAL_COMMAND='serial --unit=0'\n"
    (found,) = look({PATH: text}, Generation.BIOS)
    assert dict(fixed(found).settings)["GRUB_SERIAL_COMMAND"] == "serial --unit=0"


def test_the_console_of_uefi_is_on_the_port_already() -> None:
    (found,) = look({PATH: "GRUB_TERMINAL=gfxterm\n"}, Generation.UEFI)
    assert fixed(found).settings == (("GRUB_TERMINAL", "console"),)


def test_a_hidden_menu_that_waits_for_no_key_is_mended_in_the_file_that_decides() -> None:
    text = "GRUB_TIMEOUT_STYLE=hidden\nGRUB_TIMEOUT=5\n"
    (found,) = look({PATH: text, DROP_IN: "GRUB_TIMEOUT=0\n"}, Generation.BIOS)

    assert found.found == "GRUB_TIMEOUT=0, GRUB_TIMEOUT_STYLE=hidden"
    assert fixed(found) == SetKeys(path=DROP_IN, settings=(("GRUB_TIMEOUT", "5"),))
