"""Show what prepare would change, by carrying it out on a tree that only exists in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bootworthy.disk.sizes import round_up_to_mib
from bootworthy.model.errors import GuestError
from bootworthy.model.events import ignore
from bootworthy.model.finding import Finding
from bootworthy.model.intent import Intent
from bootworthy.model.plan import Change, ChangeKind, Plan, PlannedStep, Preview
from bootworthy.model.report import RuleResult
from bootworthy.model.steps import MakeFixedVhd, Phase
from bootworthy.rules.profiles import rules_for
from bootworthy.work import disk_steps
from bootworthy.work.evaluate import check_rules
from bootworthy.work.merge import plan_for
from bootworthy.work.opening import Opened, PathLike, Reading, opened
from bootworthy.work.rounds import Rounds
from bootworthy.work.soundness import require_sound
from bootworthy.work.target import ApplyOptions, dry_target_of


def plan(
    image: PathLike | None = None,
    *,
    root: PathLike | None = None,
    intent: Intent | None = None,
    reading: Reading | None = None,
    options: ApplyOptions | None = None,
) -> Preview:
    """What ``prepare`` would do: steps, a diff for each file, the programs it would run.

    Files that a package would bring are shown with the keys that would be set in them.

    Raises:
        ImageError: the image cannot be read, or a file that has to be edited is broken.
        HostError: this machine lacks what the engine needs.
    """
    wanted, how = intent or Intent(), options or ApplyOptions()
    with opened(image, root, reading or Reading()) as subject:
        found = check_rules(rules_for(wanted.profile), subject.subject(wanted))
        first = how.choice.apply(found)
        rounds = imagine(subject, first, wanted, how)
        disk = disk_plan(findings_of(first))
        changes = (*_disk_changes(disk, subject), *rounds.changes)
        accepted = tuple(finding for result in first for finding in result.accepted)
        plan = Plan(steps=(*disk, *rounds.planned))
        return Preview(plan=plan, changes=changes, accepted=accepted)


def imagine(
    subject: Opened, first: tuple[RuleResult, ...], intent: Intent, options: ApplyOptions
) -> Rounds:
    """Carry everything out in memory: what cannot be edited is told before anything is written.

    Raises:
        GuestError: the guest is broken where it has to be read or edited.
    """
    refuse_unreadable(first)
    require_sound(subject.guest)
    rounds = Rounds(
        rules=rules_for(intent.profile),
        intent=intent,
        target=dry_target_of(subject.session, replace(options, observer=ignore)),
        image=subject.image,
        live=subject.name == "/",
    )
    try:
        rounds.run(first)
    except OSError as error:
        raise GuestError(
            "guest-path-broken",
            f"{error.filename} in the guest cannot be edited: {error.strerror}",
            hint="repair that file, directory or link in the guest",
        ) from error
    return rounds


def refuse_unreadable(results: Iterable[RuleResult]) -> None:
    """Refuse to edit a guest in which a rule could not read what it needed.

    Raises:
        GuestError: with the code of the first thing that could not be read.
    """
    for result in results:
        if broken := result.unreadable:
            raise GuestError(broken.code, broken.message, hint=broken.hint)


def findings_of(results: Iterable[RuleResult]) -> Iterator[Finding]:
    """All findings of a run, in the order of the rules."""
    for result in results:
        yield from result.findings


def disk_plan(findings: Iterable[Finding]) -> tuple[PlannedStep, ...]:
    """The planned steps on the disk itself."""
    return tuple(item for item in plan_for(findings).steps if item.step.phase is Phase.DISK)


def _disk_changes(steps: Iterable[PlannedStep], subject: Opened) -> Iterator[Change]:
    if subject.image is None:
        return
    rules = tuple(
        code for item in steps if isinstance(item.step, MakeFixedVhd) for code in item.rules
    )
    size = round_up_to_mib(subject.image.virtual_size)
    detail = (
        f"{subject.image.container.format} of {subject.image.virtual_size} bytes, to {size} bytes"
    )
    yield Change(
        kind=ChangeKind.DISK, what="fixed VHD", step=MakeFixedVhd.kind, detail=detail, rules=rules
    )
    for item in steps:
        yield from disk_steps.preview(item.step, subject.image, item.rules)
