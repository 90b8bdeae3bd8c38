"""The boot loader is not where firmware without variables looks."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.esp import MACHINE_FILE, Esp
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import InstallRemovableLoader
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, uefi
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# shim starts this one first when it is beside it; it looks for the vendors' folders and starts the
# loader there, as the images of Red Hat and Ubuntu have it (shim, fallback.c).
_FALLBACKS = ("/EFI/BOOT/FBX64.EFI", "/EFI/BOOT/FBAA64.EFI")

# /EFI/vendor/program.efi
_IN_FOLDER = 3

_FIX = Fix(
    title="copy the boot loader to EFI/BOOT, where any firmware looks",
    steps=(InstallRemovableLoader(),),
)


def _with_esp(subject: Subject) -> str:
    return "" if subject.guest and subject.guest.esp_facts else "there is no EFI system partition"


@rule(
    code="PART-04",
    name="removable-loader-missing",
    severity=Severity.ERROR,
    why="Boot entries live in the old machine's firmware; Azure's knows only \\EFI\\BOOT.",
    when=(has_guest, uefi, _with_esp),
    article=(5,),
    sources=(sources.UEFI_SPECIFICATION, sources.UEFI_BOOT_FAILURES, sources.UBUNTU_PAGE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """EFI/BOOT/BOOTX64.EFI is a program for this machine, and shim finds what it starts."""
    esp = subject.linux.esp_facts
    if esp is None:
        return
    name = MACHINE_FILE[subject.architecture]
    if problem := _problem(esp, subject, name):
        yield Violation(
            message=f"\\EFI\\BOOT\\{name}: {problem}",
            place=Place(f"/EFI/BOOT/{name}", within="EFI system partition"),
            found=", ".join(sorted(esp.programs)) or "no EFI program at all",
            expected=f"/EFI/BOOT/{name}, with what it loads beside it",
            fix=_FIX if _has_other(esp, subject) else by_hand("install the boot loader for UEFI"),
        )


def _problem(esp: Esp, subject: Subject, name: str) -> str:
    loader = esp.program(f"/EFI/BOOT/{name}")
    if loader is None:
        return "there is no such file"
    if loader.architecture is not subject.architecture:
        return "it is no EFI program for this architecture"
    if loader.is_shim and not esp.has_second_stage and not _falls_back(esp):
        return "it is shim, and the boot loader it starts is not beside it"
    return ""


def _has_other(esp: Esp, subject: Subject) -> bool:
    """Whether a vendor's folder holds a program that could be copied."""
    wanted = subject.architecture
    fit = (item.path for item in esp.programs.values() if item.architecture is wanted)
    folders = {path.split("/")[2] for path in fit if path.count("/") == _IN_FOLDER}
    return bool(folders & set(esp.vendor_folders))


def _falls_back(esp: Esp) -> bool:
    return bool(esp.vendor_folders) and any(esp.program(path) for path in _FALLBACKS)
