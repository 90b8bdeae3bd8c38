"""The drivers Azure's virtual hardware needs, as the rules name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bootworthy.guest.facts.kernels import Kernel, ModuleState
from bootworthy.model.finding import Place

# Without these the OS disk is not there.
BOOT = ("hv_vmbus", "hv_storvsc")

# What every initramfs of ours holds; the article adds the network to the two above (step 3).
INITRAMFS = (*BOOT, "hv_netvsc")


def present(kernel: Kernel, names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that the kernel has as loadable modules."""
    return tuple(name for name in names if kernel.module(name) is ModuleState.LOADABLE)


def absent(kernel: Kernel, names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that the kernel does not have at all."""
    return tuple(name for name in names if kernel.module(name) is ModuleState.ABSENT)


def kernels_without(
    kernels: Iterable[Kernel], names: Iterable[str]
) -> Iterator[tuple[Kernel, tuple[str, ...]]]:
    """Kernels that lack some of ``names``, and which."""
    wanted = tuple(names)
    for kernel in kernels:
        if missing := absent(kernel, wanted):
            yield kernel, missing


def place_of(kernel: Kernel) -> Place:
    """Where a kernel is, for findings about what it lacks."""
    return Place(kernel.modules_dir or kernel.image or "/boot", within=f"kernel {kernel.release}")


def is_older(kernel: Kernel, version: tuple[int, ...]) -> bool:
    """Whether a kernel is older than ``version``; one whose release has no number is not."""
    return bool(kernel.version) and kernel.version < version


def built_in_everywhere(kernels: Iterable[Kernel], name: str) -> bool:
    """Whether every one of ``kernels`` has the driver built in, so that nothing has to load it."""
    states = {kernel.module(name) for kernel in kernels}
    return states == {ModuleState.BUILTIN}
