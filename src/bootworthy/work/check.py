"""Say what would keep an image, a file tree or this machine from running on Azure."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import bootworthy
from bootworthy.guest.guest import Guest
from bootworthy.model.intent import Intent
from bootworthy.model.report import Report, RuleResult
from bootworthy.rules.profiles import rules_for
from bootworthy.work import partial
from bootworthy.work.evaluate import check_rules
from bootworthy.work.opening import Opened, PathLike, Reading, opened
from bootworthy.work.soundness import problems


def check(
    image: PathLike | None = None,
    *,
    root: PathLike | None = None,
    intent: Intent | None = None,
    reading: Reading | None = None,
) -> Report:
    """Run every rule over an image, or over the file tree at ``root`` (``/``: this machine).

    Nothing is written, mounted or run. A finding is part of the report, not an error. Of a
    ``partial`` tree only the files that it holds are judged.

    Raises:
        ImageError: the image cannot be read, or holds no Linux.
        HostError: this machine lacks what the engine needs.
    """
    began = time.monotonic()
    wanted = intent or Intent()
    chosen = reading or Reading()
    with opened(image, root, chosen) as subject:
        report = _partly(subject, wanted) if chosen.partial else judged(subject, wanted)
    return replace(report, seconds=time.monotonic() - began)


def judged(subject: Opened, intent: Intent) -> Report:
    """What every rule says of an open subject."""
    began = time.monotonic()
    results = check_rules(rules_for(intent.profile), subject.subject(intent))
    report = report_of("check", subject, results, time.monotonic() - began)
    return replace(report, notes=(*report.notes, *_refusals(subject)))


def _partly(subject: Opened, intent: Intent) -> Report:
    began = time.monotonic()
    guest = Guest(partial.completed(subject.session.tree), root=subject.session.root)
    whole = replace(subject, guest=guest)
    results = check_rules(rules_for(intent.profile), whole.subject(intent))
    kept = partial.of_files(results, subject.session.tree)
    return replace(report_of("check", whole, kept, time.monotonic() - began), guest=None)


def _refusals(subject: Opened) -> tuple[str, ...]:
    """Why ``prepare`` would not touch the guest."""
    return tuple(f"prepare refuses this guest: {problem}" for problem in problems(subject.guest))


def report_of(
    command: str, subject: Opened, results: Iterable[RuleResult], seconds: float
) -> Report:
    """A report on an open subject."""
    return Report(
        command=command,
        version=bootworthy.__version__,
        subject=subject.name,
        results=tuple(results),
        seconds=seconds,
        engine=subject.session.engine,
        image=subject.image.info() if subject.image else None,
        guest=subject.guest.info(),
        notes=subject.image.container.notes if subject.image else (),
        opened_with=subject.words,
    )
