from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.command_line.serial_login_masked import check
from tests.guest.memory import Link
from tests.rules.command_line.menus import ARM
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


TEMPLATE: dict[str, Entry | None] = {
    "/usr/lib/systemd/system/serial-getty@.service": (
        "[Service]\nExecStart=-/sbin/agetty %I\n[Install]\nWantedBy=getty.target\n"
    )
}
MASK = "/etc/systemd/system/serial-getty@ttyS0.service"


def test_not_masked_passes() -> None:
    assert look(TEMPLATE) == ()


def test_masked_is_a_warning() -> None:
    (found,) = look({**TEMPLATE, MASK: Link("/dev/null")})

    assert (found.severity, found.place.path) == (Severity.WARNING, MASK)
    assert found.fix is not None
    assert found.fix.steps[0].to_dict()["units"] == ["serial-getty@ttyS0.service"]


def test_arm64_has_its_login_on_another_port() -> None:
    assert look({**ARM, **TEMPLATE, MASK: Link("/dev/null")}) == ()
    mask = MASK.replace("ttyS0", "ttyAMA0")

    (found,) = look({**ARM, **TEMPLATE, mask: Link("/dev/null")})

    assert found.place.path == mask
    assert found.found == "serial-getty@ttyAMA0.service is masked"
    assert look({**TEMPLATE, mask: Link("/dev/null")}) == ()
