"""The beginning of an upload: is the target free, is there one to continue, and is it ours?"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from bootworthy.azure.identity import identity_of
from bootworthy.azure.journal import Journal, Record
from bootworthy.azure.line import Line
from bootworthy.azure.options import TransferOptions
from bootworthy.azure.page_blob import Properties, refuse_wrong_kind
from bootworthy.disk.vhd_stream import VhdStream
from bootworthy.model.errors import ImageError, TransferError, UsageError
from bootworthy.model.events import Note

_MARK = "bootworthy_upload"


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What an upload begins with: its record, and whether it continues an earlier run's."""

    record: Record
    continued: bool


def begin(
    line: Line, stream: VhdStream, journal: Journal[Record], options: TransferOptions
) -> Beginning:
    """Make the target ready and the journal its record.

    Raises:
        UsageError: something is there already, or an upload was begun and neither ``resume`` nor
            ``force`` is set.
        ImageError: ``source-changed`` since the upload was begun.
        TransferError: Azure refuses, cannot be reached, or the target was changed by others.
    """
    record = journal.record()
    if record is not None and options.resume:
        _refuse_other_source(record, stream)
        return _continue(line, record)
    if record is not None and not options.force:
        raise UsageError(
            "transfer-begun",
            f"an upload to {line.target.name} was begun and did not end",
            hint="--resume continues it, --force begins again",
        )
    if options.resume:
        options.observer(Note("there is no upload to continue; it begins now"))
    return Beginning(record=_begin_new(line, stream, journal, options), continued=False)


def _refuse_other_source(record: Record, stream: VhdStream) -> None:
    if record.source != identity_of(stream.container) or record.size != stream.size:
        raise ImageError(
            "source-changed",
            f"{stream.container.path} is not the image that the upload was begun with",
            hint="--force begins again with what it is now",
        )


def _continue(line: Line, record: Record) -> Beginning:
    found = line.properties()
    if found is None and not line.target.managed:
        # The earlier run ended between writing its record and making the blob.
        _create(line, record, replace=False)
    elif found is None:
        raise _gone(line)
    elif found.size != record.size or not _is_ours(line, found, record):
        raise TransferError(
            "azure-target-changed",
            f"{line.target.name} was changed by somebody else since the upload was begun",
            hint="choose another name, or --force to begin again",
        )
    return Beginning(record=record, continued=True)


def _is_ours(line: Line, found: Properties, record: Record) -> bool:
    # A managed disk's address takes no metadata.
    return line.target.managed or found.metadata.get(_MARK) == record.upload_id


def _begin_new(
    line: Line, stream: VhdStream, journal: Journal[Record], options: TransferOptions
) -> Record:
    found = line.properties()
    if line.target.managed:
        _refuse_other_size(line, found, stream)
    elif found is not None and not options.force:
        raise _not_open(line) if options.resume else _exists(line)
    record = Record(
        source=identity_of(stream.container),
        target=line.target.name,
        size=stream.size,
        window=options.window,
        footer=stream.footer.hex(),
        upload_id=uuid.uuid4().hex,
        foreign=tuple(line.spans(stream.size)) if line.target.managed else (),
    )
    journal.begin(record)
    if not line.target.managed:
        _create(line, record, replace=options.force)
    return record


def _create(line: Line, record: Record, *, replace: bool) -> None:
    try:
        line.create(record.size, {_MARK: record.upload_id}, replace=replace)
    except TransferError as error:
        # When the answer to our own request was lost, the second one finds our own blob.
        found = line.properties() if error.code == "azure-conflict" else None
        if found is None:
            raise
        if not _is_ours(line, found, record):
            raise _exists(line) from None


def _refuse_other_size(line: Line, found: Properties | None, stream: VhdStream) -> None:
    if found is None:
        raise _gone(line)
    refuse_wrong_kind(line.target, found)
    if found.size != stream.size:
        raise UsageError(
            "azure-disk-size",
            f"the managed disk takes {found.size} bytes, the VHD has {stream.size}",
            hint=f"make it anew with --upload-size-bytes {stream.size}",
        )


def _exists(line: Line) -> UsageError:
    return UsageError(
        "azure-target-exists",
        f"{line.target.name} exists already",
        hint="--force replaces it, now and not only when all is done",
    )


def _not_open(line: Line) -> UsageError:
    return UsageError(
        "azure-target-exists",
        f"{line.target.name} exists already, and no upload to it is open here",
        hint="an upload that was ended in its last moment may be whole: compare it after "
        "bootworthy download; --force replaces it",
    )


def _gone(line: Line) -> TransferError:
    return TransferError(
        "azure-not-found",
        f"there is no managed disk waiting at {line.target.name}",
        hint="make one: az disk create --for-upload, az disk grant-access --access-level Write",
    )
