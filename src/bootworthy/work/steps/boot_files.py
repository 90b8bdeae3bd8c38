"""Put the boot loader where firmware with empty variables looks for it."""

from __future__ import annotations

from bootworthy.guest.facts import esp as esp_facts
from bootworthy.guest.facts.esp import MACHINE_FILE, SECOND_STAGES, EfiProgram, Esp
from bootworthy.guest.tree import WritableTree
from bootworthy.model.intent import Architecture
from bootworthy.model.steps import InstallRemovableLoader
from bootworthy.work.target import StepFailedError, Target

# shim's helper for enrolling keys; without it beside shim a refused signature is a dead end.
# Its other helper, fallback (fb*.efi), stays away: it writes boot entries and resets the machine.
_KEY_MANAGERS = {Architecture.X64: "mmx64.efi", Architecture.ARM64: "mmaa64.efi"}


def install_removable(step: InstallRemovableLoader, target: Target) -> None:
    """Copy shim with what it starts, or the boot loader itself, to EFI/BOOT.

    Raises:
        StepFailedError: the ESP cannot be written here, or holds nothing to copy.
    """
    del step
    if target.esp is None:
        raise StepFailedError("the EFI system partition cannot be written by this engine")
    architecture = target.guest.architecture or Architecture.X64
    programs = esp_facts.read(target.esp)
    chosen = _choose(programs, architecture)
    if chosen is None:
        raise StepFailedError("the EFI system partition holds no boot loader to copy")
    for path, name in chosen:
        _copy(target.esp, path, name)


def _choose(esp: Esp, architecture: Architecture) -> list[tuple[str, str]] | None:
    """Pairs of a program and its name in EFI/BOOT; shim first, since Secure Boot needs it."""
    first = MACHINE_FILE[architecture]
    for folder in sorted(esp.vendor_folders, key=_holds_kernels):
        programs = [p for p in esp.programs.values() if _is_in(p, folder, architecture)]
        second = esp.program(f"/EFI/{folder}/{SECOND_STAGES[architecture]}")
        if second and second.architecture is not architecture:
            second = None
        shim = next((program for program in programs if program.is_shim), None)
        if shim and second:
            pairs = [(shim.path, first), (second.path, SECOND_STAGES[architecture])]
            manager = esp.program(f"/EFI/{folder}/{_KEY_MANAGERS[architecture]}")
            return pairs + ([(manager.path, _KEY_MANAGERS[architecture])] if manager else [])
        if second:
            return [(second.path, first)]
        if len(programs) == 1:
            return [(programs[0].path, first)]
    return None


def _holds_kernels(folder: str) -> bool:
    """Whether unified kernel images lie there: one of them would stay the only kernel for good."""
    return folder.upper() == "LINUX"


def _is_in(program: EfiProgram, folder: str, architecture: Architecture) -> bool:
    inside = program.path.upper().startswith(f"/EFI/{folder.upper()}/")
    return inside and program.architecture is architecture


def _copy(esp: WritableTree, path: str, name: str) -> None:
    esp.write(f"/EFI/BOOT/{name}", esp.read(path), mode=0o755)
