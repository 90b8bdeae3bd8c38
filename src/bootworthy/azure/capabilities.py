"""What machines made from an image can have, told from the image itself."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.disk.image import Image
from bootworthy.guest.facts.esp import MACHINE_FILE, SECOND_STAGES, EfiProgram
from bootworthy.guest.facts.kernels import Kernel, ModuleState
from bootworthy.guest.guest import Guest
from bootworthy.model.intent import Architecture, Generation

# Where Azure's firmware looks for what it starts (UEFI specification, 3.5.1.1), and shim after it.
_FOLDER = "/EFI/BOOT"

# https://learn.microsoft.com/azure/virtual-network/accelerated-networking-overview: the network
# card is Mellanox's (mlx4, mlx5) or Microsoft's own (mana), beside the synthetic one.
_NETWORK = ("mlx4_core", "mlx5_core", "mana")
_SYNTHETIC = "hv_netvsc"


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an image can do on Azure.

    ``generations`` are those that it has a boot loader for: of generation 2, the very program that
    the firmware of this architecture starts. ``nvme``: every kernel that is started finds its root
    disk on NVMe. ``accelerated_networking``: every one drives at least Mellanox's cards of the
    fifth generation. ``trusted_launch``: the firmware would start shim, which starts the boot
    loader beside it, and both carry signatures; whose those and the kernel's are, is not told.
    """

    generations: frozenset[Generation]
    architecture: Architecture = Architecture.X64
    nvme: bool = False
    accelerated_networking: bool = False
    trusted_launch: bool = False


def capabilities_of(image: Image, guest: Guest) -> Capabilities:
    """What the image can do, as its boot loader, kernels and initramfs show.

    Raises:
        ImageError: the guest cannot be read.
    """
    kernels = guest.bootable_kernels
    architecture = guest.architecture or Architecture.X64
    return Capabilities(
        generations=_generations(image, guest, architecture),
        architecture=architecture,
        nvme=bool(kernels) and all(_boots_from_nvme(guest, kernel) for kernel in kernels),
        accelerated_networking=bool(kernels) and all(_is_accelerated(item) for item in kernels),
        trusted_launch=_has_shim(image, guest, architecture),
    )


def _boots_from_nvme(guest: Guest, kernel: Kernel) -> bool:
    state = kernel.module("nvme")
    if state is ModuleState.LOADABLE and kernel.initramfs is not None:
        return guest.initramfs(kernel.initramfs).has_module("nvme")
    return state is ModuleState.BUILTIN


def _is_accelerated(kernel: Kernel) -> bool:
    has = [name for name in _NETWORK if kernel.module(name) is not ModuleState.ABSENT]
    return "mlx5_core" in has and kernel.module(_SYNTHETIC) is not ModuleState.ABSENT


def _generations(image: Image, guest: Guest, architecture: Architecture) -> frozenset[Generation]:
    """What the disk is made for, without generation 2 where its loader is not there."""
    found = image.generations
    if guest.esp_facts is not None and _program(guest, MACHINE_FILE[architecture]) is None:
        return found - {Generation.UEFI}
    return found


def _has_shim(image: Image, guest: Guest, architecture: Architecture) -> bool:
    if Generation.UEFI not in image.generations:
        return False
    first = _program(guest, MACHINE_FILE[architecture])
    second = _program(guest, SECOND_STAGES[architecture])
    if first is None or second is None:
        return False
    return first.is_shim and first.is_signed and second.is_signed


def _program(guest: Guest, name: str) -> EfiProgram | None:
    return guest.esp_facts.program(f"{_FOLDER}/{name}") if guest.esp_facts else None
