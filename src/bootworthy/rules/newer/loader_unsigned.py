"""The image is to run with Trusted Launch and its boot loader is not signed."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.esp import MACHINE_FILE, SECOND_STAGES
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, uefi
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


def wanted(subject: Subject) -> str:
    """A condition: machines are to have Secure Boot."""
    return "" if subject.intent.trusted_launch else "--trusted-launch is not given"


def trusted(subject: Subject) -> str:
    """A condition: machines are to have Secure Boot, and there is what they would start."""
    if reason := wanted(subject):
        return reason
    return "" if subject.guest and subject.guest.esp_facts else "there is no EFI system partition"


@rule(
    code="NEW-12",
    name="boot-loader-unsigned",
    severity=Severity.ERROR,
    why="Secure Boot refuses a program without a signature: the machine stops in its firmware.",
    when=(has_guest, uefi, trusted),
    sources=(
        sources.TRUSTED_LAUNCH,
        sources.UEFI_SPECIFICATION,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The programs of EFI/BOOT carry a signature; whose it is only the firmware can tell."""
    esp = subject.linux.esp_facts
    if esp is None:
        return
    names = (MACHINE_FILE[subject.architecture], SECOND_STAGES[subject.architecture])
    for name in names:
        program = esp.program(f"/EFI/BOOT/{name}")
        if program is not None and not program.is_signed:
            yield Violation(
                message=f"{program.path} carries no signature",
                place=Place(program.path, within="EFI system partition"),
                found="an empty certificate table",
                expected="a program signed by Microsoft's UEFI authority or by shim's vendor",
                fix=by_hand("install the distribution's signed shim, GRUB and kernel packages"),
            )
