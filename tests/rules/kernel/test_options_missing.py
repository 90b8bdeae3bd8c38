from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.kernel.options_missing import check
from tests.rules.healthy import RELEASE, healthy, kernel
from tests.rules.making import findings, subject


def look(config: str) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(kernel(config=config))))


def test_both_pass() -> None:
    assert look("CONFIG_WATCHDOG=y\nCONFIG_CIFS=m\n") == ()


def test_nothing_is_known_without_a_configuration() -> None:
    assert findings(check, subject(healthy({f"/boot/config-{RELEASE}": None}))) == ()


def test_one_is_missing() -> None:
    (found,) = look("CONFIG_WATCHDOG=y\n# CONFIG_CIFS is not set\n")

    assert found.severity is Severity.WARNING
    assert found.found == "CONFIG_CIFS not set"
    assert RELEASE in found.message
