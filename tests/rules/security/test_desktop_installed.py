from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.security.desktop_installed import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, subject

VENDOR = "/usr/lib/systemd/system/default.target"
CHOSEN = "/etc/systemd/system/default.target"
MANAGER: dict[str, Entry | None] = {
    "/usr/lib/systemd/system/gdm.service": "[Service]\nExecStart=/usr/sbin/gdm\n",
    "/etc/systemd/system/display-manager.service": Link("/usr/lib/systemd/system/gdm.service"),
}


@pytest.mark.parametrize(
    "changes",
    [
        # Debian's vendor default is graphical.target on servers too.
        {VENDOR: Link("graphical.target")},
        {**MANAGER, VENDOR: Link("graphical.target"), CHOSEN: Link("multi-user.target")},
        {**MANAGER, VENDOR: "a file"},
        MANAGER,
    ],
)
def test_no_desktop(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(changes))) == ()


def test_a_desktop() -> None:
    found = finding(check, subject(healthy({**MANAGER, VENDOR: Link("graphical.target")})))

    assert found.severity is Severity.NOTE
    assert found.place.path == VENDOR
    assert found.found == "graphical.target, with /usr/lib/systemd/system/gdm.service"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
