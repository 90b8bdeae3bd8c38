"""Rehearse an image: read what it is, boot it against the simulated Azure, judge what was seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Finding
from bootworthy.model.intent import Generation, Intent
from bootworthy.model.rehearsal import Verdict
from bootworthy.rehearsal import rehearse as machine
from bootworthy.rehearsal.candidate import candidate_of
from bootworthy.rules import catalogue
from bootworthy.work.evaluate import check_rule
from bootworthy.work.opening import Opened, PathLike, Reading, opened

if TYPE_CHECKING:
    from bootworthy.rehearsal.controllers import Controller


def rehearse(
    image: PathLike,
    options: machine.RehearsalOptions | None = None,
    *,
    generation: Generation | None = None,
    controller: Controller | None = None,
    reading: Reading | None = None,
) -> Verdict:
    """Boot a fixed VHD or a raw disk once, as Azure would; it is only read, and no root is needed.

    ``generation`` and ``controller`` are chosen by what the image has when they are not given.
    The verdict has milestones with times and evidence; where the boot fails, it names the rule that
    explains it.

    Raises:
        UsageError: the image is of a format that Azure does not boot, or the scenario asks for what
            machines of this generation do not have.
        ImageError: the image cannot be read, or holds no Linux.
        HostError: QEMU, its firmware, OpenSSH's client, a private network or space is missing.
    """
    with opened(image, None, reading or Reading()) as subject:
        if subject.image is None:
            raise UsageError("usage", "only an image can be rehearsed")
        candidate = candidate_of(
            image, subject.image, subject.guest, generation=generation, controller=controller
        )
        return machine.rehearse(candidate, asker(subject, generation), options)


def asker(subject: Opened, generation: Generation | None) -> Callable[[str], Finding | None]:
    """What runs one rule on the open image: it names the rule that explains a failed boot."""
    judged = subject.subject(Intent(generation=generation))

    def ask(code: str) -> Finding | None:
        result = check_rule(catalogue.find(code), judged)
        return result.findings[0] if result.findings else None

    return ask
