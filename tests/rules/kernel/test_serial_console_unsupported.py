from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.kernel.serial_console_unsupported import check
from tests.rules.command_line.menus import ARM
from tests.rules.healthy import RELEASE, healthy, kernel
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize(
    "text", ["", "CONFIG_SERIAL_8250=y\nCONFIG_SERIAL_8250_CONSOLE=y\n", "CONFIG_HYPERV=m\n"]
)
def test_a_console_or_no_word_of_one_passes(text: str) -> None:
    assert look(dict(kernel(config=text))) == ()


def test_a_driver_without_its_console() -> None:
    (found,) = look(dict(kernel(config="CONFIG_SERIAL_8250=m\n")))

    assert found.severity is Severity.WARNING
    assert RELEASE in found.message


def test_arm64_has_another_driver() -> None:
    pl011 = "CONFIG_SERIAL_AMBA_PL011=y\n"
    eight = "CONFIG_SERIAL_8250=y\n"
    console = "CONFIG_SERIAL_AMBA_PL011_CONSOLE=y\n"

    assert look({**ARM, **kernel(config=pl011 + console + eight)}) == ()
    assert look({**ARM, **kernel(config=eight)}) == ()
    (found,) = look({**ARM, **kernel(config=pl011)})
    assert found.expected == "CONFIG_SERIAL_AMBA_PL011_CONSOLE=y"
