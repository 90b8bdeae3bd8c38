from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.cloud_init.required_unit_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

CONFIG = "/etc/cloud/cloud.cfg.d/20-azure-swap.cfg"


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def fstab(option: str) -> dict[str, Entry | None]:
    return {"/etc/fstab": f"UUID=1 / ext4 defaults 0 1\nUUID=2 /data ext4 nofail,{option} 0 0\n"}


def test_units_that_are_there_pass() -> None:
    assert look(fstab("x-systemd.requires=cloud-init.service")) == ()
    assert look(fstab("x-systemd.requires=/data")) == ()


def test_fstab_requires_one_that_is_not() -> None:
    (found,) = look(fstab("x-systemd.requires=cloud-init-network.service"))

    assert (found.severity, str(found.place)) == (Severity.WARNING, "/etc/fstab:2")
    assert found.found == "x-systemd.requires=cloud-init-network.service"
    assert found.fix is not None
    assert "cloud-init.service" in found.fix.title


def test_the_articles_line_on_newer_releases() -> None:
    swap = '["ephemeral0.2", "none", "swap", "sw,nofail,x-systemd.requires=cloud-init.service"]'
    text = f"mounts:\n  - {swap}\n  - nonsense\n"
    assert look({CONFIG: text}) == ()

    (found,) = look({CONFIG: text, "/usr/lib/systemd/system/cloud-init.service": None})

    assert found.place.path == CONFIG
