"""Sending a disk to a service of the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bootworthy.azure.options import TransferOptions, TransferResult
from bootworthy.azure.target import Target, connect_url, parse
from bootworthy.azure.upload import upload
from bootworthy.disk.container import open_container
from bootworthy.disk.vhd_stream import VhdStream
from tests.azure.blob_service import Service

FAST = TransferOptions(timeout=5.0, give_up_after=20.0)


def no_credential() -> Any:  # noqa: ANN401 - as the SDK declares it
    """Tests never sign in."""
    raise AssertionError("a credential was asked for")


def target_of(url: str, **changes: Any) -> Target:  # noqa: ANN401 - fields of Target
    """The blob at a SAS address."""
    return replace(parse(url, make_credential=no_credential), **changes)


def disk_target(service: Service) -> Target:
    """The managed disk at acct/md/abcd."""
    url = service.url("acct/md/abcd")
    return Target(name=url.partition("?")[0], connect=connect_url(url), managed=True)


def send(
    source: Path,
    target: Target | str,
    *,
    allow_backing: bool = False,
    **options: Any,  # noqa: ANN401 - fields of TransferOptions
) -> TransferResult:
    """Upload ``source``; ``options`` are those of TransferOptions."""
    goal = target if isinstance(target, Target) else target_of(target)
    with open_container(source, allow_backing=allow_backing) as container:
        return upload(container, goal, replace(FAST, **options))


def expected_disk(source: Path) -> bytes:
    """The disk that has to arrive, without the footer."""
    with open_container(source) as container:
        stream = VhdStream(container)
        return stream.pread(0, stream.disk_size)
