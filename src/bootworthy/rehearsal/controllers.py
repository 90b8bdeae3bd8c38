"""How disks are attached, which drivers that needs, and what Linux then calls the disks.

Azure's own controllers are on the VMBus, which QEMU does not have; that part stays with the rules
about initramfs and kernel. Here a disk is attached by whatever the guest's initramfs has a driver
for, Azure's kind of controller first.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from bootworthy.model.errors import GuestError
from bootworthy.model.intent import Architecture, Generation


class Controller(StrEnum):
    """What the OS disk hangs on."""

    IDE = "ide"
    AHCI = "ahci"
    VIRTIO_SCSI = "virtio-scsi"
    VIRTIO_BLK = "virtio-blk"
    NVME = "nvme"


# Modules that have to be in the initramfs, or in the kernel.
_DRIVERS = {
    Controller.IDE: ("ata_piix", "sd_mod"),
    Controller.AHCI: ("ahci", "sd_mod"),
    Controller.VIRTIO_SCSI: ("virtio_pci", "virtio_scsi", "sd_mod"),
    Controller.VIRTIO_BLK: ("virtio_pci", "virtio_blk"),
    Controller.NVME: ("nvme",),
}

# What Azure itself has comes first: IDE in generation 1, SCSI in generation 2.
_ORDER = {
    Generation.BIOS: (
        Controller.IDE,
        Controller.VIRTIO_SCSI,
        Controller.AHCI,
        Controller.VIRTIO_BLK,
    ),
    Generation.UEFI: (Controller.VIRTIO_SCSI, Controller.VIRTIO_BLK, Controller.AHCI),
}

# What udev makes of the names and serial numbers given below (60-persistent-storage.rules).
_BY_ID = {
    Controller.IDE: "ata-Virtual_Disk_{}",
    Controller.AHCI: "ata-Virtual_Disk_{}",
    Controller.VIRTIO_SCSI: "scsi-0Msft_Virtual_Disk_{}",
    Controller.VIRTIO_BLK: "virtio-{}",
    Controller.NVME: "nvme-QEMU_NVMe_Ctrl_{}",
}


def choose_controller(
    generation: Generation,
    architecture: Architecture,
    has_driver: Callable[[str], bool] | None,
    *,
    azure_only: bool = False,
) -> Controller:
    """The first controller whose drivers the guest starts with; the first of all if none is.

    ``has_driver`` tells of one module whether early userspace has it, None when nobody knows.
    ``azure_only`` says that the initramfs does know Azure's own disks.

    Raises:
        GuestError: ``rehearsal-no-driver``: the guest would find its disk on Azure and cannot
            find it here.
    """
    fitting = _ORDER[generation]
    if architecture is Architecture.ARM64:
        fitting = tuple(item for item in fitting if item is not Controller.AHCI)
    for controller in fitting if has_driver else ():
        if has_driver and all(has_driver(name) for name in _DRIVERS[controller]):
            return controller
    if azure_only:
        raise GuestError(
            "rehearsal-no-driver",
            "the initramfs has drivers for Azure's disks only, and none for a disk that QEMU has",
            hint=f"put one of {', '.join(item.value for item in fitting)} into the initramfs, "
            "or choose with --controller",
        )
    return fitting[0]


def by_id_name(controller: Controller, serial: str) -> str:
    """The disk's name below /dev/disk/by-id."""
    return _BY_ID[controller].format(serial)


def controller_arguments(controller: Controller, generation: Generation) -> list[str]:
    """The devices that have to be there before disks can be attached."""
    if controller is Controller.AHCI and generation is Generation.BIOS:
        return ["-device", "ich9-ahci,id=sata"]
    if controller is Controller.VIRTIO_SCSI:
        return ["-device", "virtio-scsi-pci,id=scsi"]
    return []


def disk_arguments(
    controller: Controller, generation: Generation, *, node: str, serial: str, number: int
) -> list[str]:
    """Attach the block node ``node`` as disk ``number``; disk 0 is booted."""
    boot = ",bootindex=0" if number == 0 else ""
    return ["-device", _device(controller, generation, node, serial, number) + boot]


def _device(
    controller: Controller, generation: Generation, node: str, serial: str, number: int
) -> str:
    ata = f"ide-hd,drive={node},model=Virtual Disk,serial={serial}"
    match controller:
        case Controller.IDE:
            # The DVD has the second channel.
            return f"{ata},bus=ide.0,unit={number}"
        case Controller.AHCI:
            bus = "ide" if generation is Generation.UEFI else "sata"
            return f"{ata},bus={bus}.{number}"
        case Controller.VIRTIO_SCSI:
            names = "vendor=Msft,product=Virtual Disk"
            return (
                f"scsi-hd,drive={node},bus=scsi.0,lun={number},{names},"
                f"serial={serial},device_id={serial}"
            )
        case Controller.VIRTIO_BLK:
            return f"virtio-blk-pci,drive={node},serial={serial}"
        case Controller.NVME:
            return f"nvme,drive={node},serial={serial}"
