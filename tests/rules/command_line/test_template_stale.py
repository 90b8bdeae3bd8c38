from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    WriteFile,
)
from bootworthy.rules.command_line.template_stale import check
from tests.rules.healthy import GRUB_CFG, RELEASE, healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def bls(options: str, template: str | None) -> dict[str, Entry | None]:
    files = f"linux /vmlinuz-{RELEASE}\ninitrd /initrd.img-{RELEASE}\n"
    entry = f"title T\nversion {RELEASE}\n{files}options {options}\n"
    return {
        GRUB_CFG: "blscfg\n",
        f"/boot/loader/entries/m-{RELEASE}.conf": entry,
        "/etc/kernel/cmdline": template,
    }


@pytest.mark.parametrize("template", [None, "root=x ro quiet\n", "quiet ro  root=x"])
def test_no_template_or_the_same_arguments_pass(template: str | None) -> None:
    assert look(bls("root=x ro quiet", template)) == ()


def test_entries_in_grub_cfg_itself_have_no_template() -> None:
    assert look({"/etc/kernel/cmdline": "root=other"}) == ()


def test_the_template_is_written_as_the_entry_is() -> None:
    (found,) = look(bls("root=x ro console=ttyS0", "root=x ro rhgb quiet\n"))

    assert found.severity is Severity.WARNING
    assert (found.place.path, found.found) == ("/etc/kernel/cmdline", "root=x ro rhgb quiet")
    assert found.fix is not None
    step = WriteFile(path="/etc/kernel/cmdline", text="root=x ro console=ttyS0\n")
    assert found.fix.steps == (step,)


def test_what_kernel_install_adds_is_no_part_of_the_template() -> None:
    options = "root=x ro systemd.machine_id=3f1d0a4c9b5e4d71a7c6f2e8d4b6a901"

    assert look(bls(options, "root=x ro\n")) == ()
    (found,) = look(bls(f"{options} console=ttyS0", "root=x ro\n"))
    assert found.fix is not None
    assert found.fix.steps == (
        WriteFile(path="/etc/kernel/cmdline", text="root=x ro console=ttyS0\n"),
    )
