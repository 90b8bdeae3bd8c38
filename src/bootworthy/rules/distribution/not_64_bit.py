"""The guest's programs are not for a 64-bit processor that Azure has."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import kernel_images
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_SHELLS = ("/bin/sh", "/usr/bin/bash", "/bin/busybox")

# elf(5): EI_CLASS is the fifth byte, e_machine the two at 18.
_ELF = b"\x7fELF"
_CLASS_32 = 1
_HEADER = 20


@rule(
    code="DIST-03",
    name="processor-unsupported",
    severity=Severity.ERROR,
    why="Azure runs x86-64 and Arm64 machines, and certifies 64-bit systems only.",
    when=(has_guest,),
    sources=(sources.CERTIFICATION, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The shell is a program for x86-64 or Arm64."""
    if subject.linux.architecture is not None:
        return
    for path, header in _programs(subject.linux):
        is_32 = header[4] == _CLASS_32
        machine = int.from_bytes(header[18:20], "little")
        yield Violation(
            message="the guest is not for a processor that Azure has",
            place=Place(path),
            found=f"a {32 if is_32 else 64}-bit program for ELF machine {machine}",
            expected="x86-64 or Arm64, 64-bit",
            fix=by_hand("install the 64-bit edition of the distribution"),
            # An x86 guest of 32 bits boots as generation 1, and is refused by certification only.
            severity=Severity.WARNING if is_32 else None,
        )
        return


def _programs(guest: Guest) -> Iterator[tuple[str, bytes]]:
    for path in _SHELLS:
        header = kernel_images.head(guest.tree, path, _HEADER)
        if len(header) == _HEADER and header.startswith(_ELF):
            yield path, header
