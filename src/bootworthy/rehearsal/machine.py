"""The machine as Azure's host presents it, in QEMU's words."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bootworthy.disk.sizes import MIB
from bootworthy.model.errors import HostError
from bootworthy.model.intent import Architecture, Generation
from bootworthy.rehearsal.accelerator import Accelerator, is_native
from bootworthy.rehearsal.controllers import (
    Controller,
    by_id_name,
    controller_arguments,
    disk_arguments,
)
from bootworthy.rehearsal.disks import Disks, block_arguments
from bootworthy.rehearsal.firmware import Firmware
from bootworthy.rehearsal.tpm import tpm_arguments

# How a guest knows Azure: cloud-init's ds-identify and the agent look for this chassis tag.
_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"
_MAKER = "manufacturer=Microsoft Corporation"

_EMULATORS = {
    Architecture.X64: "qemu-system-x86_64",
    Architecture.ARM64: "qemu-system-aarch64",
}

# The only name in Red Hat's family, for the host's own architecture.
_NATIVE_EMULATOR = "/usr/libexec/qemu-kvm"

_OS_SERIAL = "AZROOT"
_RESOURCE_SERIAL = "AZRESOURCE"

# Links that udev rules of the agent and of cloud-init make from what a Hyper-V disk says of itself
# (66-azure-storage.rules, 10-azure-unmanaged... of WALinuxAgent and azure-vm-utils).
_LINKS = ("/dev/disk/cloud/azure_", "/dev/disk/azure/")
_PARTS = ("", "-part1", "-part2")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What kind of machine boots; ``memory`` is in bytes."""

    generation: Generation
    architecture: Architecture
    controller: Controller
    vm_id: str
    memory: int = 2048 * MIB
    cpus: int = 2
    firmware: Firmware | None = None
    """UEFI firmware; None for the BIOS of generation 1."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Where the machine's ends are on this host; ``variables`` is its own copy of the NVRAM.

    ``tpm`` is the control socket of its virtual TPM, if it has one.
    """

    serial: Path
    dvd: Path | None
    variables: Path
    tpm: Path | None = None
    network: Sequence[str] = ()
    macs: Sequence[str] = ()


def emulator_for(architecture: Architecture) -> str:
    """QEMU's program for this architecture.

    Raises:
        HostError: ``qemu-missing``.
    """
    name = _EMULATORS[architecture]
    found = shutil.which(name)
    if found is None and is_native(architecture):
        found = shutil.which(_NATIVE_EMULATOR)
    if found is None:
        package = "qemu-system-x86" if architecture is Architecture.X64 else "qemu-system-arm"
        raise HostError("qemu-missing", f"{name} is not installed", hint=f"apt install {package}")
    return found


def qemu_arguments(
    machine: Machine, accelerator: Accelerator, disks: Disks, wiring: Wiring
) -> list[str]:
    """QEMU's command line.

    Raises:
        HostError: QEMU for this architecture is not installed.
    """
    return [
        emulator_for(machine.architecture),
        *("-nodefaults", "-no-user-config", "-name", "bootworthy"),
        *("-machine", _board(machine)),
        *("-accel", accelerator.option, "-cpu", accelerator.cpu),
        *("-smp", str(machine.cpus), "-m", str(machine.memory // MIB)),
        *("-rtc", "base=utc", "-uuid", machine.vm_id),
        *_display(machine),
        *("-device", "virtio-rng-pci"),
        *("-chardev", f"socket,id=serial,path={_quoted(wiring.serial)},server=off"),
        *("-serial", "chardev:serial"),
        *_identity(machine),
        *_links(machine),
        *_firmware(machine, wiring),
        *_tpm(machine, wiring.tpm),
        *block_arguments(disks),
        *_disks(machine, disks),
        *_dvd(machine, wiring.dvd),
        *wiring.network,
        *_cards(wiring.macs),
    ]


def _board(machine: Machine) -> str:
    if machine.architecture is Architecture.ARM64:
        # GICv3, as Azure's machines have, where the accelerator can: the older is for 8 CPUs.
        return "virt,gic-version=max"
    if machine.generation is Generation.BIOS:
        # Without graphics SeaBIOS speaks on the serial port, and GRUB through it.
        return "pc,graphics=off"
    return "q35,smm=on" if machine.firmware and machine.firmware.needs_smm else "q35"


def _display(machine: Machine) -> list[str]:
    if machine.architecture is Architecture.ARM64:
        return ["-display", "none"]
    # Without a display adapter GRUB hangs in the graphical terminal that Debian asks for.
    return ["-display", "none", "-vga", "std"]


def _identity(machine: Machine) -> list[str]:
    """The strings of Azure's SMBIOS tables, types 1 to 3.

    The version is two things at once: systemd takes a machine for Hyper-V by its beginning
    (src/basic/virt.c; the agent's unit has ConditionVirtualization=microsoft), and ata_piix leaves
    the disks of a "Virtual Machine" by Microsoft alone unless it is a VS2005R2
    (drivers/ata/ata_piix.c, piix_ignore_devices_quirk).
    """
    product = "product=Virtual Machine"
    system = f"version=Hyper-V VS2005R2,serial=0000-0000-0000-0000,uuid={machine.vm_id}"
    return [
        *("-smbios", f"type=1,{_MAKER},{product},{system}"),
        *("-smbios", f"type=2,{_MAKER},{product},version=7.0"),
        *("-smbios", f"type=3,{_MAKER},version=7.0,asset={_ASSET_TAG}"),
    ]


def _links(machine: Machine) -> list[str]:
    """Names of Azure's disks, by a credential that systemd-tmpfiles obeys (systemd 252).

    The udev rules that make them on Azure go by VMBus identities, which QEMU does not have.
    """
    lines = []
    for disk, serial in (("root", _OS_SERIAL), ("resource", _RESOURCE_SERIAL)):
        target = f"/dev/disk/by-id/{by_id_name(machine.controller, serial)}"
        lines += [
            f"L {base}{disk}{part} - - - - {target}{part}" for base in _LINKS for part in _PARTS
        ]
    text = "".join(f"{line}\n" for line in lines)
    value = base64.b64encode(text.encode()).decode()
    return ["-smbios", f"type=11,value=io.systemd.credential.binary:tmpfiles.extra={value}"]


def _firmware(machine: Machine, wiring: Wiring) -> list[str]:
    if machine.firmware is None:
        return []
    secure: tuple[str, ...] = ()
    if machine.firmware.needs_smm:
        secure = ("-global", "driver=cfi.pflash01,property=secure,value=on")
    code = _quoted(machine.firmware.code)
    return [
        *secure,
        *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}"),
        *("-drive", f"if=pflash,format=raw,unit=1,file={_quoted(wiring.variables)}"),
    ]


def _tpm(machine: Machine, control: Path | None) -> list[str]:
    return tpm_arguments(machine.architecture, _quoted(control)) if control else []


def _disks(machine: Machine, disks: Disks) -> list[str]:
    controller, generation = machine.controller, machine.generation
    arguments = controller_arguments(controller, generation)
    for number, (node, serial) in enumerate((("os", _OS_SERIAL), ("resource", _RESOURCE_SERIAL))):
        arguments += disk_arguments(controller, generation, node=node, serial=serial, number=number)
    return arguments + _data_disks(machine.controller, len(disks.data))


def _data_disks(controller: Controller, count: int) -> list[str]:
    """Data disks have a controller of their own: SCSI in both generations, or NVMe.

    Scenario has seen to it that there are no more than one controller takes.
    """
    if not count:
        return []
    if controller is Controller.NVME:
        # As on Azure: the disks of one controller are its namespaces.
        arguments = ["-device", "nvme,id=data,serial=AZDATA"]
        for lun in range(count):
            arguments += ["-device", f"nvme-ns,drive=data{lun},bus=data,nsid={lun + 1}"]
        return arguments
    arguments = ["-device", "virtio-scsi-pci,id=data"]
    for lun in range(count):
        names = f"vendor=Msft,product=Virtual Disk,serial=AZDATA{lun}"
        arguments += ["-device", f"scsi-hd,drive=data{lun},bus=data.0,lun={lun},{names}"]
    return arguments


def _dvd(machine: Machine, dvd: Path | None) -> list[str]:
    if dvd is None:
        return []
    arguments = [
        "-drive",
        f"if=none,id=dvd,media=cdrom,format=raw,readonly=on,file={_quoted(dvd)}",
    ]
    if machine.generation is Generation.BIOS:
        return [*arguments, "-device", "ide-cd,drive=dvd,bus=ide.1,unit=0,model=Virtual CD"]
    if machine.controller is Controller.VIRTIO_SCSI:
        return [
            *arguments,
            *("-device", "scsi-cd,drive=dvd,bus=scsi.0,lun=2,vendor=Msft,product=Virtual DVD-ROM"),
        ]
    if machine.architecture is Architecture.ARM64:
        return [*arguments, "-device", "virtio-scsi-pci,id=dvds", "-device", "scsi-cd,drive=dvd"]
    return [*arguments, "-device", "ide-cd,drive=dvd,bus=ide.2,model=Virtual CD"]


def _cards(macs: Sequence[str]) -> list[str]:
    """One card a network, without an option ROM: only the disk is booted."""
    words = []
    for number, mac in enumerate(macs):
        words += ["-device", f"virtio-net-pci,netdev=net{number},mac={mac},romfile="]
    return words


def _quoted(path: Path) -> str:
    """A path inside QEMU's comma-separated options, where a comma is written twice."""
    return str(path).replace(",", ",,")
