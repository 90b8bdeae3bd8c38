from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.partition.crypttab_interactive import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


PATH = "/etc/crypttab"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# data UUID=x none luks",
        "data UUID=x /etc/keys/data luks",
        "data UUID=x none luks,nofail",
        "data UUID=x - tpm2-device=auto",
        "swap /dev/vg/swap /dev/urandom swap",
        "alone",
    ],
)
def test_what_does_not_stop_the_boot_passes(line: str) -> None:
    assert look({PATH: f"{line}\n"}) == ()


@pytest.mark.parametrize("line", ["data UUID=x none luks", "data UUID=x", "data UUID=x - discard"])
def test_a_passphrase_at_boot(line: str) -> None:
    (found,) = look({PATH: f"# volumes\n{line}\n"})

    assert (found.severity, found.place.line) == (Severity.WARNING, 2)
    assert found.found.startswith("data UUID=x none") or "-" in found.found
    assert found.fix is not None
    assert found.fix.steps == ()
