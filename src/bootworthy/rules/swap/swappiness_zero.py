"""The kernel is told to leave swap alone."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import sysctl
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.model.intent import ResourceSwap
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "vm.swappiness"


def _with_swap(subject: Subject) -> str:
    no_swap = subject.intent.swap_by is ResourceSwap.NONE
    return "--resource-swap none" if no_swap else ""


@rule(
    code="SWAP-10",
    name="swappiness-zero",
    severity=Severity.NOTE,
    why="Programs are killed for want of memory while swap on the temporary disk is empty.",
    when=(has_guest, _with_swap),
    sources=("https://docs.kernel.org/admin-guide/sysctl/vm.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where swap is put on the temporary disk, vm.swappiness is not 0."""
    setting = sysctl.read(subject.linux.tree).get(_KEY)
    if setting is not None and setting.value == "0":
        yield Violation(
            message="swap is used only when memory has run out",
            place=setting.place,
            found=f"{_KEY} = 0",
            expected=f"{_KEY} = 1 or more, or no such line",
            fix=by_hand(f"take the line out of {setting.place.path}"),
        )
