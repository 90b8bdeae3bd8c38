"""What runs the machine's instructions: KVM where it really works, else emulation, tuned."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from bootworthy.guest import kvm
from bootworthy.model.intent import Architecture

_HOSTS = {"x86_64": Architecture.X64, "aarch64": Architecture.ARM64}

# What Azure's hypervisor offers a guest, as far as KVM can (docs/system/i386/hyperv.rst of QEMU).
_HYPERV = (
    "hv-relaxed",
    "hv-vapic",
    "hv-vpindex",
    "hv-runtime",
    "hv-synic",
    "hv-time",
    "hv-stimer",
    "hv-frequencies",
    "hv-spinlocks=0x1fff",
)

# The plain model has the least to emulate, and boots in two thirds of the time of "max"; the rest
# makes it the x86-64-v2 that distributions are built for since 2022 (x86-64 psABI, §3.1.1).
# Without the emulator's own name in CPUID, guests go by SMBIOS and take the machine for Hyper-V.
_EMULATED_X64 = (
    "qemu64",
    "+ssse3",
    "+sse4.1",
    "+sse4.2",
    "+popcnt",
    "+cx16",
    "+lahf-lm",
    "tcg-cpuid=off",
)


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """How a processor is had, in QEMU's words."""

    name: str
    option: str
    cpu: str


def is_native(architecture: Architecture) -> bool:
    """Whether this host's processor is of that architecture."""
    return _HOSTS.get(platform.machine()) is architecture


def accelerator_for(architecture: Architecture, *, emulate: bool = False) -> Accelerator:
    """KVM for a guest of this host's architecture where it works, else emulation."""
    if is_native(architecture) and not emulate and kvm.works():
        enlightened = _HYPERV if architecture is Architecture.X64 else ()
        return Accelerator(name="kvm", option="kvm", cpu=",".join(("host", *enlightened)))
    cpu = ",".join(_EMULATED_X64) if architecture is Architecture.X64 else "cortex-a72"
    # A translation buffer this large is not flushed during a boot.
    return Accelerator(name="tcg", option="tcg,thread=multi,tb-size=512", cpu=cpu)
