"""A kernel lacks the secondary drivers of Azure's hypervisor."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel, ModuleState
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# hyperv_fb gave way to hyperv_drm upstream; either shows the console. Azure itself has neither
# keyboard nor mouse attached, and Debian's own cloud kernel leaves them out.
_ANY_OF = (("hv_balloon",), ("hyperv_drm", "hyperv_fb"), ("hyperv_keyboard",), ("hid_hyperv",))


@rule(
    code="KERN-02",
    name="hyperv-companion-missing",
    severity=Severity.NOTE,
    why="Dynamic memory and the emulated console of Hyper-V need these; Azure runs without them.",
    when=(with_kernels,),
    article=(28,),
    sources=(sources.ARTICLE, sources.LISA),
    deviation="the article names source files of a kernel tree; what counts in an image is "
    "whether the built driver is there",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel has one driver of every pair."""
    for kernel in subject.linux.bootable_kernels:
        missing = [" or ".join(names) for names in _ANY_OF if not _has_any(kernel, names)]
        if missing:
            yield Violation(
                message=f"kernel {kernel.release} has no {', '.join(missing)}",
                place=drivers.place_of(kernel),
                found=f"{', '.join(missing)}: neither built in nor a module",
                expected="hv_balloon, hyperv_drm or hyperv_fb, hyperv_keyboard, hid_hyperv",
                fix=by_hand("nothing to do on Azure; a full kernel has them all"),
            )


def _has_any(kernel: Kernel, names: tuple[str, ...]) -> bool:
    return any(kernel.module(name) is not ModuleState.ABSENT for name in names)
