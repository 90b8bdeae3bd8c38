"""No secret is shown or logged."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bootworthy.azure.secrets import guard_logs, redact
from bootworthy.model.errors import TransferError
from tests.azure.blob_service import Service
from tests.azure.disks import small_disk
from tests.azure.sending import send, target_of
from tests.disk.making import needs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a/b?sv=1&sig=ab%2Bc%3D&se=2", "https://a/b?sv=1&sig=REDACTED&se=2"),
        ("AccountName=a;AccountKey=ab+c/==;X=1", "AccountName=a;AccountKey=REDACTED;X=1"),
        ("next=https%3A%2F%2Fa%3Fsig%3Dabc", "next=https%3A%2F%2Fa%3Fsig%3DREDACTED"),
        ("Authorization: Bearer eyJ.ab-c_", "Authorization: Bearer REDACTED"),
        ("SharedKey acct:ab+c=", "SharedKey acct:REDACTED"),
        ("'client_secret=x y'", "'client_secret=REDACTED y'"),
        ("nothing of the kind: design=1", "nothing of the kind: design=1"),
    ],
)
def test_secrets_are_cut_out(text: str, shown: str) -> None:
    assert redact(text) == shown


@needs("sfdisk")
def test_the_http_libraries_log_no_signature(
    service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guard_logs()
    with caplog.at_level(logging.DEBUG):
        send(small_disk(tmp_path / "disk.raw"), service.url())

    assert "comp=page" in caplog.text
    assert "s3cr3t" not in caplog.text


@needs("sfdisk")
def test_a_failed_connection_logs_and_tells_no_signature(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = target_of("http://127.0.0.1:1/acct/vhds/a.vhd?sig=s3cr3t")
    with caplog.at_level(logging.DEBUG), pytest.raises(TransferError) as caught:
        send(small_disk(tmp_path / "disk.raw"), target, give_up_after=0.1)

    assert "s3cr3t" not in caplog.text + caught.value.message + caught.value.hint
    assert caught.value.__suppress_context__
