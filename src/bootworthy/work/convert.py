"""Write a disk image in another format: every byte of the disk, and what Azure asks of its size.

The output is written under a name of its own and gets its name when it is whole. A journal beside
it lets a later run go on where this one was killed; the source is opened read-only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bootworthy.disk import repartition
from bootworthy.disk.container import Container, open_container
from bootworthy.disk.copying import CopyResult, copy_disk
from bootworthy.disk.extents import Kind
from bootworthy.disk.image import Image, open_image
from bootworthy.disk.output import (
    Partial,
    explain,
    file_named,
    finish,
    partial,
    partial_of,
    refuse_bad_output,
    refuse_small_disk,
)
from bootworthy.disk.sharing import can_share
from bootworthy.disk.sizes import MIN_DISK, round_up_to_mib
from bootworthy.disk.writers.contents import without_zeros
from bootworthy.disk.writers.registry import writer_for
from bootworthy.disk.writers.writer import Occupied, Patch, Writer
from bootworthy.model.conversion import Conversion
from bootworthy.model.errors import HostError, ImageError, UsageError
from bootworthy.model.events import BytesMoved, Note, Observer, StepFinished, StepStarted, ignore
from bootworthy.model.quantities import human_size
from bootworthy.work import journal as journals
from bootworthy.work.footers import refuse_footer_inside
from bootworthy.work.journal import Journal, Task
from bootworthy.work.limits import Target, refuse_over_limit

# A run that ends like this leaves what it wrote, for --resume.
_RESUMABLE = (KeyboardInterrupt, UsageError)


@dataclass(frozen=True, kw_only=True)
class ConvertOptions:
    """How a disk is converted.

    ``to`` names the format, None the one that the output's ending means. ``source_format`` names
    the source's instead of finding it. ``disk`` is the name or the number of one of the disks in an
    archive. ``size`` is the size of the disk in bytes, None that of the
    source, up to a whole MiB. ``verify`` reads the result again and compares.
    """

    to: str | None = None
    source_format: str | None = None
    allow_backing: bool = False
    disk: str = ""
    target: Target = Target.OS_DISK
    size: int | None = None
    verify: bool = False
    resume: bool = False
    force: bool = False
    observer: Observer = ignore


@dataclass(kw_only=True)
class _Job:
    """One conversion under way."""

    image: Image
    output: Path
    options: ConvertOptions
    writer: Writer
    patches: tuple[Patch, ...]
    notes: list[str]
    began: float
    resumed_from: int = 0
    changes: list[str] = field(default_factory=list)

    @property
    def source(self) -> Container:
        return self.image.container

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """A named piece of work; what is put in the list is told when it ends."""
        began = time.monotonic()
        self.options.observer(StepStarted(title))
        detail: list[str] = []
        yield detail
        self.options.observer(StepFinished(title, time.monotonic() - began, ", ".join(detail)))

    def progress(self, title: str) -> Callable[[int, int], None]:
        """What a copy reports to."""
        return lambda done, total: self.options.observer(BytesMoved(title, done, total))

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.options.observer(Note(text))


def convert(
    image: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: ConvertOptions | None = None,
) -> Conversion:
    """Write the disk in ``image`` to ``output``: a fixed VHD, unless asked otherwise.

    The size goes up to a whole MiB and never down, an aligned disk is not grown; a GPT gets its
    backup at the new end. Whatever happens, the source is as it was, and ``output`` is either
    whole or not there.

    Raises:
        UsageError: ``output`` exists (without ``force``), is the image, or means no format; what
            ``resume`` should go on with belongs to another source.
        ImageError: the image cannot be read, is larger than the target takes, or has the footer of
            a VHD inside.
        HostError: there is no space, or the disk failed.
    """
    options = options or ConvertOptions()
    began = time.monotonic()
    refuse_early(image, output, options)
    with open_source(image, options) as source:
        return convert_opened(source, output, options, began)


def refuse_early(
    image: str | os.PathLike[str], output: str | os.PathLike[str], options: ConvertOptions
) -> None:
    """Refuse what cannot be written, before anything is read.

    Raises:
        UsageError: as ``convert``.
        HostError: the output's folder cannot be written.
    """
    target = file_named(output)
    writer_for(options.to, target.name)
    refuse_bad_output(target, (os.fspath(image),), force=options.force)


def convert_opened(
    source: Image, output: str | os.PathLike[str], options: ConvertOptions, began: float
) -> Conversion:
    """As ``convert``, of an open image; ``began`` is when the work on it began."""
    target = file_named(output)
    writer = writer_for(options.to, target.name)
    files = tuple(file.path for file in source.container.files())
    refuse_bad_output(target, files, force=options.force)
    if options.source_format is None:
        refuse_footer_inside(source.container, can_be_named=True)
    job = _job(source, target, options, writer, began)
    return _run(job, os.fspath(output))


def open_source(image: str | os.PathLike[str], options: ConvertOptions) -> Image:
    """The source; a format named by the user is believed, whatever the disk looks like.

    Raises:
        ImageError: the image cannot be read.
    """
    forced = options.source_format is not None
    open_it: Callable[..., Container | Image] = open_container if forced else open_image
    opened = open_it(
        image,
        allow_backing=options.allow_backing,
        force_format=options.source_format,
        disk=options.disk,
        observer=options.observer,
    )
    return opened if isinstance(opened, Image) else Image(opened)


def _job(
    image: Image, output: Path, options: ConvertOptions, writer: type[Writer], began: float
) -> _Job:
    size = options.size or round_up_to_mib(image.virtual_size)
    if size == 0:
        raise ImageError("image-empty", f"the disk in {image.container.path} has no bytes")
    refuse_over_limit(size, options.target, writer)
    notes = list(image.container.notes)
    patches = patches_for(image, size, notes)
    return _Job(
        image=image,
        output=output,
        options=options,
        writer=writer(size, _occupied(image, patches, writer, options).below(size)),
        patches=patches,
        notes=notes,
        began=began,
    )


def _occupied(
    image: Image, patches: tuple[Patch, ...], writer: type[Writer], options: ConvertOptions
) -> Occupied:
    """What the output has to hold; blocks of zeros are looked for where they can be left out."""
    occupied = Occupied.of(image.container.extents())
    if writer.unit is not None:
        title = "Look for zeros"
        began = time.monotonic()
        options.observer(StepStarted(title))
        occupied = without_zeros(
            image.container,
            occupied,
            writer.unit,
            lambda done, total: options.observer(BytesMoved(title, done, total)),
        )
        options.observer(StepFinished(title, time.monotonic() - began))
    return occupied.and_patches(patches)


def patches_for(image: Image, size: int, notes: list[str]) -> tuple[Patch, ...]:
    """What makes the GPT right on a disk of ``size`` bytes; a GPT that cannot be is noted."""
    try:
        return repartition.backup_gpt_writes(image.pread, size)
    except ImageError as error:
        if size < image.virtual_size:
            raise
        notes.append(f"the GPT was left as it is: {error.message}")
        return ()


def _run(job: _Job, shown: str) -> Conversion:
    path = partial_of(job.output)
    try:
        with partial(job.output, resume=job.options.resume, keep=_RESUMABLE) as work:
            copied = _write(job, work)
            verified = _verify(job, work) if job.options.verify else False
            with job.step("Have it on disk"):
                finish(work, job.output, force=job.options.force)
    except _RESUMABLE:
        raise
    except BaseException:
        with suppress(OSError):
            journals.discard(journals.path_of(path))
        raise
    journals.discard(journals.path_of(path))
    return _result(job, shown, copied, verified=verified)


def _write(job: _Job, work: Partial) -> CopyResult:
    status = os.fstat(work.fd)
    task = Task(
        source=journals.identity_of(job.source),
        writer=job.writer.name,
        size=job.writer.size,
        partial=(status.st_dev, status.st_ino),
    )
    start = _start(job, work, task)
    shared = all(can_share(file.fd, work.fd) for file in job.source.files())
    _refuse_no_space(job, work, shared=shared)
    with Journal(journals.path_of(work.path), task) as journal:
        copied = _guarded(work, lambda: _write_disk(job, work, journal, start, shared=shared))
    _refuse_changed(job, task)
    return copied


def _refuse_changed(job: _Job, task: Task) -> None:
    if journals.identity_of(job.source) != task.source:
        raise ImageError(
            "image-changed",
            f"{job.source.path} changed while it was copied: the copy would be a mixture",
            hint="stop what writes to it, a running machine for one, and try again",
        )


def _start(job: _Job, work: Partial, task: Task) -> int:
    """Where to begin: at what an earlier run reached, or at 0 with an empty file."""
    record = journals.load(journals.path_of(work.path)) if work.left_over else None
    if record is not None:
        _refuse_other_task(job, record, task)
        if record.same_boot:
            job.resumed_from = record.reached
            job.note(f"going on at {human_size(record.reached)} of {human_size(task.size)}")
            return record.reached
        job.note("this machine was started anew since: what was written is not relied on")
    elif job.options.resume:
        job.note("there is nothing to go on with: starting from the beginning")
    os.ftruncate(work.fd, 0)
    return 0


def _refuse_other_task(job: _Job, record: journals.Record, task: Task) -> None:
    found = ", ".join(journals.differences(record, task))
    if found:
        raise UsageError(
            "resume-not-possible",
            f"{job.output} cannot be continued: {found}",
            hint="run again without --resume to start from the beginning",
        )


def _refuse_no_space(job: _Job, work: Partial, *, shared: bool) -> None:
    extents = job.source.extents()
    plain = 0 if shared else extents.bytes_of(Kind.DATA)
    needed = plain + extents.bytes_of(Kind.ENCODED) - os.fstat(work.fd).st_blocks * 512
    refuse_small_disk(work.path.parent, needed)


def _write_disk(
    job: _Job, work: Partial, journal: Journal, start: int, *, shared: bool
) -> CopyResult:
    title = "Copy the disk"
    with job.step(title) as detail:
        job.writer.lay_out(work.fd)
        journal.reached(start)
        copied = copy_disk(
            job.source,
            work.fd,
            job.progress(title),
            place=job.writer.place,
            start=start,
            end=min(job.writer.size, job.source.virtual_size),
            on_reached=journal.reached,
            find_zeros=not shared,
        )
        detail.append(human_size(copied.data_bytes))
    with job.step(f"Seal the {job.writer.title}"):
        job.writer.patch(work.fd, job.patches)
        job.writer.seal(work.fd)
    return copied


def _verify(job: _Job, work: Partial) -> bool:
    from bootworthy.disk.comparing import first_difference

    title = "Compare with the source"
    with (
        job.step(title) as detail,
        open_container(work.path, force_format=job.writer.reads_as) as copy,
    ):
        if copy.virtual_size != job.writer.size:
            _refuse_different(job, f"it has {copy.virtual_size} bytes, not {job.writer.size}")
        place = first_difference(
            job.source, copy, patches=job.patches, on_bytes=job.progress(title)
        )
        if place is not None:
            _refuse_different(job, f"byte {place} is another one")
        detail.append("identical")
    return True


def _refuse_different(job: _Job, what: str) -> None:
    raise HostError(
        "verify-failed",
        f"what was written for {job.output} is not what {job.source.path} holds: {what}",
        hint="make sure that nothing writes to the source, and check memory and disk of this host",
    )


def _result(job: _Job, shown: str, copied: CopyResult, *, verified: bool) -> Conversion:
    source, size = job.source, job.writer.size
    changes = list(described(source.virtual_size, size, job.patches))
    if job.writer.name == "vhd" and size < MIN_DISK:
        job.note(f"Azure takes no disk below {MIN_DISK >> 20} MiB")
    return Conversion(
        command="convert",
        source=source.path,
        source_format=source.format,
        source_size=source.virtual_size,
        output=shown,
        output_format=job.writer.name,
        virtual_size=size,
        file_size=job.output.stat().st_size,
        seconds=time.monotonic() - job.began,
        data_bytes=copied.data_bytes,
        decoded_bytes=copied.decoded_bytes,
        written_bytes=copied.written_bytes,
        method=copied.method.value,
        resumed_from=job.resumed_from,
        verified=verified,
        changes=tuple(changes),
        notes=tuple(job.notes),
    )


def described(before: int, after: int, patches: tuple[Patch, ...]) -> Iterator[str]:
    """What is not as in the source, in words."""
    if after > before:
        yield f"disk grown by {after - before} bytes, to {after}"
    elif after < before:
        yield f"disk cut by {before - after} bytes, to {after}"
    if patches:
        yield "backup GPT written at the end of the disk"


def _guarded(work: Partial, action: Callable[[], CopyResult]) -> CopyResult:
    try:
        return action()
    except OSError as error:
        raise explain(error, work.path) from error
