"""What is to be known of an image before it boots: how, and what must not survive the boot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.guest.facts import chrony
from bootworthy.guest.facts.kernels import ModuleState
from bootworthy.guest.families.family import Need
from bootworthy.guest.guest import Guest
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import BootworthyError, UsageError
from bootworthy.model.intent import Architecture, Generation
from bootworthy.rehearsal.controllers import Controller, choose_controller
from bootworthy.rules.initramfs.hv_driver_missing import missing_modules
from bootworthy.rules.provisioning import cloud_init_starts

_BOOTABLE = frozenset(("raw", "vhd"))
_KEY_LIMIT = 1 << 14
_SWAP_UNIT = "/etc/systemd/system/azure-resource-swap.service"
_CONTROLLER = "hv_storvsc"

# Debian's and Ubuntu's name, and everybody else's.
_CHRONY = ("chrony.service", "chronyd.service")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An image that boots next; ``size`` is the disk's in bytes, without a footer.

    ``host_keys`` and ``machine_id`` are what the image carries: a new machine has others.
    """

    path: Path
    size: int
    generation: Generation
    architecture: Architecture
    controller: Controller
    machine_id: str = ""
    host_keys: frozenset[str] = frozenset()
    has_cloud_init: bool = True
    """Whether cloud-init starts with the machine."""
    has_agent: bool = True
    """Whether the agent starts with the machine."""
    agent_swap: bool = False
    needs_hyperv: frozenset[str] = frozenset()
    """Units that cannot start in QEMU: they want a device that only Hyper-V gives a guest."""
    swap_unit: bool = False
    """Whether the unit that ``prepare`` installs makes swap on the temporary disk."""


def candidate_of(
    path: str | os.PathLike[str],
    image: Image,
    guest: Guest,
    *,
    generation: Generation | None = None,
    controller: Controller | None = None,
) -> Candidate:
    """What the image at ``path``, opened as ``image`` with ``guest`` inside, boots as.

    Raises:
        UsageError: it is no disk that QEMU can be given as it is, or boots in no known way.
        GuestError: it has no driver for any disk that QEMU has.
    """
    kind = image.info().container.format
    if kind not in _BOOTABLE:
        raise UsageError(
            "rehearsal-format",
            f"{os.fspath(path)} is {kind}: only a fixed VHD or a raw disk can be rehearsed",
            hint="`bootworthy prepare` makes one of it, `bootworthy convert` too",
        )
    chosen = generation or _generation_of(path, image)
    architecture = guest.architecture or Architecture.X64
    _refuse_odd_machine(chosen, architecture, controller)
    return Candidate(
        path=Path(path),
        size=image.virtual_size,
        generation=chosen,
        architecture=architecture,
        controller=controller or _controller_of(guest, chosen, architecture),
        machine_id=_text(guest.tree, "/etc/machine-id"),
        host_keys=frozenset(_host_keys(guest.tree)),
        has_cloud_init=cloud_init_starts(guest),
        has_agent=_agent_starts(guest),
        agent_swap=guest.agent.is_on("ResourceDisk.EnableSwap"),
        needs_hyperv=_units_of_hyperv(guest),
        swap_unit=guest.tree.exists(_SWAP_UNIT),
    )


def _refuse_odd_machine(
    generation: Generation, architecture: Architecture, controller: Controller | None
) -> None:
    """What Azure does not have (learn.microsoft.com, "Generation 2 VMs" and "NVMe overview").

    And what QEMU's firmware does not.
    """
    if architecture is Architecture.ARM64 and generation is Generation.BIOS:
        raise UsageError("rehearsal-generation", "arm64 machines are of generation 2 only")
    if architecture is Architecture.ARM64 and controller is Controller.AHCI:
        # ArmVirtPkg/ArmVirtQemu.dsc of EDK2 has drivers for SCSI and NVMe, and none for ATA.
        raise UsageError(
            "rehearsal-controller", "the firmware of QEMU's arm64 machines boots no AHCI disk"
        )
    if controller is Controller.IDE and generation is Generation.UEFI:
        raise UsageError("rehearsal-controller", "machines of generation 2 have no IDE controller")
    if controller is Controller.NVME and generation is Generation.BIOS:
        raise UsageError(
            "rehearsal-controller",
            "machines of generation 1 have no NVMe controller",
            hint="say --generation 2 if the image can be booted by UEFI as well",
        )


def _generation_of(path: str | os.PathLike[str], image: Image) -> Generation:
    """The newer firmware when the image can be booted by either, as Azure's portal proposes."""
    if found := image.generations:
        return max(found)
    raise UsageError(
        "rehearsal-generation",
        f"{os.fspath(path)} has no boot loader that is known: neither BIOS nor UEFI would start it",
        hint="say --generation 1 or 2 to try, `bootworthy check` for the reasons",
    )


def _controller_of(guest: Guest, generation: Generation, architecture: Architecture) -> Controller:
    kernels = guest.bootable_kernels
    if not kernels:
        return choose_controller(generation, architecture, None)
    newest = kernels[0]

    def has_driver(name: str) -> bool:
        if newest.module(name) is ModuleState.ABSENT:
            return False
        return not missing_modules(guest, newest, (name,))

    return choose_controller(
        generation, architecture, has_driver, azure_only=has_driver(_CONTROLLER)
    )


def _agent_starts(guest: Guest) -> bool:
    names = guest.family.units_for(Need.AGENT)
    known = not guest.services.manager or any(guest.services.unit(name).starts for name in names)
    return guest.agent.installed and known


def _units_of_hyperv(guest: Guest) -> frozenset[str]:
    """chronyd ends where the clock that it is told to use is not there (refclock_phc.c)."""
    found = chrony.read(guest.tree)
    return frozenset(_CHRONY) if found and found.has_hyperv_clock else frozenset()


def _host_keys(tree: Tree) -> Iterator[str]:
    for path in tree.glob("/etc/ssh/ssh_host_*_key.pub"):
        if key := _text(tree, path):
            yield " ".join(key.split()[:2])


def _text(tree: Tree, path: str) -> str:
    try:
        return tree.text(path, limit=_KEY_LIMIT).strip()
    except (BootworthyError, OSError):
        return ""
