"""The image is to run with Trusted Launch and has modules that nobody signed."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.decompress import UnpackError, unpack
from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import shorten
from bootworthy.rules.conditions import uefi, with_kernels
from bootworthy.rules.newer.loader_unsigned import wanted
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Where DKMS, weak-modules and vendors put modules that are not the kernel's own.
_FOREIGN = ("extra/", "updates/", "weak-updates/")

# include/linux/module_signature.h, MODULE_SIG_STRING.
_SIGNED = b"~Module signature appended~\n"

# Unpacking takes time, and a vendor signs all its modules or none.
_MAX_MODULE = 128 << 20
_MAX_MODULES = 20


@rule(
    code="NEW-18",
    name="module-unsigned",
    severity=Severity.WARNING,
    why="With Secure Boot the kernel refuses it, and Defender tells of it.",
    when=(wanted, with_kernels, uefi),
    sources=(sources.TRUSTED_LAUNCH, "https://docs.kernel.org/admin-guide/module-signing.html"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Modules beside the kernel's own carry a signature; whose it is only the kernel can tell."""
    tree = subject.linux.tree
    for kernel in subject.linux.bootable_kernels:
        foreign = [path for path in kernel.loadable.values() if path.startswith(_FOREIGN)]
        if unsigned := [p for p in foreign[:_MAX_MODULES] if not _is_signed(tree, kernel, p)]:
            yield Violation(
                message=f"modules of kernel {kernel.release} carry no signature",
                place=Place(f"{kernel.modules_dir}/{unsigned[0]}"),
                found=shorten(unsigned),
                expected="modules signed by a key the firmware or the kernel trusts",
                fix=by_hand("install the vendor's signed modules, or leave Trusted Launch off"),
            )


def _is_signed(tree: Tree, kernel: Kernel, path: str) -> bool:
    try:
        data = tree.read(f"{kernel.modules_dir}/{path}", limit=_MAX_MODULE)
        return unpack(data, _MAX_MODULE).endswith(_SIGNED)
    except (OSError, GuestError, UnpackError):
        return True  # what cannot be read is not called unsigned
