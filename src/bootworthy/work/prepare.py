"""Make an image run on Azure: copy it once, fix the guest in the copy, seal it as a fixed VHD.

The copy is a sparse raw body under a name of its own. A fixed VHD is that body with 512 bytes
behind it, so that sealing moves nothing. What was written is read again by the other reader before
the file gets its name; the source is opened read-only and never written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bootworthy.disk import footer, repartition
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.extents import Kind
from bootworthy.disk.image import Image, open_image
from bootworthy.disk.output import (
    Partial,
    explain,
    file_named,
    finish,
    partial,
    refuse_bad_output,
    refuse_small_disk,
)
from bootworthy.disk.sizes import MIB, round_up_to_mib
from bootworthy.guest.engines.select import require_writer
from bootworthy.model.events import BytesMoved, Observer, StepFinished, StepStarted
from bootworthy.model.finding import Finding, Outcome
from bootworthy.model.image import TableKind
from bootworthy.model.intent import Intent
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.quantities import human_size
from bootworthy.model.report import Report, RuleResult
from bootworthy.model.steps import InstallPackages, MakeFixedVhd, MoveBackupGpt
from bootworthy.rules.profiles import rules_for
from bootworthy.work import disk_steps
from bootworthy.work.check import report_of
from bootworthy.work.evaluate import check_rules
from bootworthy.work.footers import refuse_footer_inside
from bootworthy.work.merge import plan_for
from bootworthy.work.opening import Opened, PathLike, Reading, opened, session_of
from bootworthy.work.plan import disk_plan, findings_of, imagine
from bootworthy.work.rounds import Rounds
from bootworthy.work.target import ApplyOptions, guest_of, target_of

# Room the guest may grow by: an initramfs with its backup for each kernel, and packages.
_HEADROOM = 192 * MIB
_HEADROOM_PACKAGES = 384 * MIB

_UNCHANGED = "nothing inside the guest had to change"

T = TypeVar("T")


@dataclass(kw_only=True)
class _Job:
    """One run of prepare."""

    intent: Intent
    reading: Reading
    options: ApplyOptions
    began: float = field(default_factory=time.monotonic)
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def observer(self) -> Observer:
        return self.reading.observer

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """A named piece of work; what is put in the list is told when it ends."""
        began = time.monotonic()
        self.observer(StepStarted(title))
        detail: list[str] = []
        yield detail
        self.observer(StepFinished(title, time.monotonic() - began, ", ".join(detail)))


def prepare(
    image: PathLike,
    output: PathLike,
    *,
    intent: Intent | None = None,
    reading: Reading | None = None,
    options: ApplyOptions | None = None,
    force: bool = False,
) -> Report:
    """Write ``output``, a fixed VHD of ``image`` with the guest made ready for Azure.

    The report holds what changed and the findings that are left. Whatever happens, the source is
    as it was and ``output`` is either whole or not there.

    Raises:
        UsageError: ``output`` exists (without ``force``), or is the image.
        ImageError: the image cannot be read, or a file that has to be edited is broken.
        HostError: this machine lacks a tool, a privilege or space.
    """
    job = _job(intent, reading, options)
    target = file_named(output)
    refuse_bad_output(target, (os.fspath(image),), force=force)
    with opened(image, None, replace(job.reading, engine="auto")) as source:
        assert source.image is not None  # noqa: S101 - opened() was given an image
        refuse_footer_inside(source.image.container)
        refuse_bad_output(target, _files_of(source.image), force=force)
        first = _first_look(source, job)
        if _has_guest_steps(first):
            require_writer(job.reading.engine, trust_image=job.reading.trust_image)
        refuse_small_disk(target.parent, _needed(source.image, first))
        with partial(target) as work:
            report = _make(source, source.image, first, work, job)
            finish(work, target, force=force)
    return replace(_named(report, os.fspath(output)), subject=source.name)


def prepare_root(
    root: PathLike,
    *,
    intent: Intent | None = None,
    reading: Reading | None = None,
    options: ApplyOptions | None = None,
) -> Report:
    """Make a root file tree, or this machine (``/``), ready for Azure in place.

    Raises:
        ImageError: a file that has to be edited is broken.
        HostError: this machine lacks a tool or a privilege.
    """
    job = _job(intent, reading, options)
    with opened(None, root, job.reading, writable=True) as subject:
        first = _first_look(subject, job)
        _mend(subject, first, None, job)
        fresh = replace(subject, guest=guest_of(subject.session))
        last = _look(fresh, job)
        return _report(fresh, first, last, job)


def _job(intent: Intent | None, reading: Reading | None, options: ApplyOptions | None) -> _Job:
    return _Job(
        intent=intent or Intent(),
        reading=reading or Reading(),
        options=options or ApplyOptions(),
    )


def _files_of(image: Image) -> tuple[str, ...]:
    return tuple(file.path for file in image.container.files())


def _look(subject: Opened, job: _Job) -> tuple[RuleResult, ...]:
    """What the rules say, with what the user does not want mended set apart."""
    results = check_rules(rules_for(job.intent.profile), subject.subject(job.intent))
    return job.options.choice.apply(results)


def _first_look(source: Opened, job: _Job) -> tuple[RuleResult, ...]:
    with job.step(f"Check {source.name}") as detail:
        results = _look(source, job)
        imagine(source, results, job.intent, job.options)
        count = sum(len(result.findings) for result in results)
        detail.append(f"{count} findings")
    return results


def _needed(image: Image, first: tuple[RuleResult, ...]) -> int:
    """Bytes the output will take at most: the data, and what the guest may grow by."""
    steps = plan_for(findings_of(first)).steps
    packages = any(isinstance(item.step, InstallPackages) for item in steps)
    growth = (_HEADROOM if steps else 0) + (_HEADROOM_PACKAGES if packages else 0)
    extents = image.container.extents()
    return extents.bytes_of(Kind.DATA) + extents.bytes_of(Kind.ENCODED) + growth


def _make(
    source: Opened, image: Image, first: tuple[RuleResult, ...], work: Partial, job: _Job
) -> Report:
    size = _copy(image, work, job)
    _guarded(work, lambda: _repartition(first, work, size, job))
    body = Image.over_fd(work.fd, size, path=os.fspath(work.path))
    if _has_guest_steps(first):
        _edit(body, first, work, job)
    else:
        job.notes.append(_UNCHANGED)
    _seal(work, size, job)
    return _verify(source, first, work, job)


def _copy(image: Image, work: Partial, job: _Job) -> int:
    title = "Copy the disk"
    size = round_up_to_mib(image.virtual_size)
    with job.step(title) as detail:
        on_bytes: Callable[[int, int], None] = lambda done, total: job.observer(  # noqa: E731
            BytesMoved(title, done, total)
        )
        copied = copy_disk(image.container, work.fd, on_bytes)
        _guarded(work, lambda: os.ftruncate(work.fd, size))
        detail.append(human_size(copied.data_bytes))
    words = f"{image.container.format} of {image.virtual_size} bytes, to {size} bytes"
    change = Change(kind=ChangeKind.DISK, what="fixed VHD", step=MakeFixedVhd.kind, detail=words)
    job.changes.append(change)
    return size


def _repartition(first: tuple[RuleResult, ...], work: Partial, size: int, job: _Job) -> None:
    """The backup GPT goes to the new end first; then the steps that rules asked for."""
    table = Image.over_fd(work.fd, size, path=os.fspath(work.path)).table
    if table.kind is TableKind.GPT and repartition.move_backup_gpt(work.fd, size):
        detail = "backup GPT written at the end of the disk"
        change = Change(
            kind=ChangeKind.DISK, what="partition table", step=MoveBackupGpt.kind, detail=detail
        )
        job.changes.append(change)
    for item in disk_plan(findings_of(first)):
        job.changes += disk_steps.carry_out(item.step, work.fd, size, item.rules)


def _has_guest_steps(first: tuple[RuleResult, ...]) -> bool:
    findings = tuple(findings_of(first))
    return len(plan_for(findings).steps) > len(disk_plan(findings))


def _edit(body: Image, first: tuple[RuleResult, ...], work: Partial, job: _Job) -> None:
    with session_of(body, job.reading, writable=True) as session:
        subject = Opened(
            name=os.fspath(work.path), session=session, guest=guest_of(session), image=body
        )
        _guarded(work, lambda: _mend(subject, first, body, job))
        with job.step("Give free space back") as detail:
            freed = session.trim()
            session.sync()
            if freed:
                detail.append(human_size(freed))


def _mend(subject: Opened, first: tuple[RuleResult, ...], image: Image | None, job: _Job) -> None:
    rounds = Rounds(
        rules=rules_for(job.intent.profile),
        intent=job.intent,
        target=target_of(subject.session, job.options),
        image=image,
        live=subject.name == "/",
    )
    rounds.run(first)
    job.changes += rounds.changes
    if not rounds.changes:
        job.notes.append(_UNCHANGED)


def _seal(work: Partial, size: int, job: _Job) -> None:
    with job.step("Seal the VHD"):
        _guarded(work, lambda: _write_footer(work.fd, size))


def _write_footer(fd: int, size: int) -> None:
    os.pwrite(fd, footer.build(size), size)
    os.fsync(fd)


def _verify(source: Opened, first: tuple[RuleResult, ...], work: Partial, job: _Job) -> Report:
    """Read the sealed file again, with the engine that did not write it."""
    reading = replace(job.reading, engine="auto", guest=_same_root(source))
    with (
        job.step("Check the result"),
        open_image(work.path, force_format="vhd") as image,
        session_of(image, reading, writable=False) as session,
    ):
        subject = Opened(
            name=os.fspath(work.path), session=session, guest=guest_of(session), image=image
        )
        last = _look(subject, job)
        return _report(subject, first, last, job)


def _same_root(source: Opened) -> str | None:
    """The selector of the guest that was prepared, which several Linuxes make necessary."""
    return str(source.guest.root_partition) if source.guest.root_partition else None


def _report(
    subject: Opened, first: tuple[RuleResult, ...], last: tuple[RuleResult, ...], job: _Job
) -> Report:
    failed = {result.code: result for result in first if result.outcome is Outcome.FAIL}
    results = tuple(
        _fixed(result, failed[result.code]) if result.code in failed else result for result in last
    )
    report = report_of("prepare", subject, results, time.monotonic() - job.began)
    notes = (*report.notes, *job.notes)
    return replace(report, changes=tuple(job.changes), notes=notes)


def _fixed(result: RuleResult, before: RuleResult) -> RuleResult:
    """A rule that passes now, with what it found before: reports tell what was mended."""
    if result.outcome is not Outcome.PASS:
        return result
    return replace(result, outcome=Outcome.FIXED, findings=before.findings)


def _named(report: Report, output: str) -> Report:
    """The report on the finished file, which was checked under its working name."""
    if report.image is None:
        return replace(report, output=output)
    old = report.image.container.path
    container = replace(report.image.container, path=output)
    return replace(
        report,
        output=output,
        image=replace(report.image, container=container),
        results=tuple(_renamed(result, old, output) for result in report.results),
    )


def _renamed(result: RuleResult, old: str, new: str) -> RuleResult:
    def renamed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(
            replace(finding, place=replace(finding.place, path=new))
            if finding.place.path == old
            else finding
            for finding in findings
        )

    return replace(result, findings=renamed(result.findings), accepted=renamed(result.accepted))


def _guarded(work: Partial, action: Callable[[], T]) -> T:
    """Carry out ``action``; a failed write is told with its reason."""
    try:
        return action()
    except OSError as error:
        raise explain(error, work.path) from error
