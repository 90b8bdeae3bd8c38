"""Downloads from a service as strict as Azure's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.azure.download import download
from bootworthy.azure.options import TransferResult
from bootworthy.model.errors import HostError, TransferError, UsageError
from tests.azure.blob_service import Answer, Blob, Service, refusal
from tests.azure.disks import raw_disk
from tests.azure.sending import FAST, send, target_of
from tests.disk.making import MIB, needs, opened

pytestmark = needs("sfdisk")


def fetch(service: Service, path: Path, **options: object) -> TransferResult:
    return download(target_of(service.url()), path, replace(FAST, **options))  # type: ignore[arg-type]


def journals(folder: Path) -> list[Path]:
    """Records of transfers that did not end, below the test's XDG_STATE_HOME."""
    return list(folder.glob("state/bootworthy/transfers/*"))


def test_what_was_sent_comes_back_sparse(service: Service, tmp_path: Path) -> None:
    send(raw_disk(tmp_path / "disk.raw"), service.url())
    out = tmp_path / "back.vhd"

    result = fetch(service, out)

    assert out.read_bytes() == service.blob().content()
    assert result.moved == 512 * len(service.blob().chunks)
    # Gaps that were sent along as zeros are holes again.
    assert out.stat().st_blocks * 512 < result.moved
    assert not list(tmp_path.glob("*.partial"))
    assert not journals(tmp_path)


def test_a_file_that_is_there_stays_without_force(service: Service, tmp_path: Path) -> None:
    service.blobs["/acct/disks/os.vhd"] = Blob(MIB)
    out = tmp_path / "back.vhd"
    out.write_bytes(b"keep")
    with pytest.raises(UsageError) as caught:
        fetch(service, out)

    assert caught.value.code == "output-exists"
    assert out.read_bytes() == b"keep"
    fetch(service, out, force=True)
    assert out.read_bytes() == bytes(MIB)


def test_a_download_that_fetched_nothing_leaves_nothing(service: Service, tmp_path: Path) -> None:
    send(raw_disk(tmp_path / "disk.raw"), service.url())
    service.faults = lambda method, _path, query: (
        refusal(403, "AuthenticationFailed") if method == "GET" and "comp" not in query else None
    )
    with pytest.raises(TransferError):
        fetch(service, tmp_path / "back.vhd")

    assert not list(tmp_path.glob("back*"))
    assert not journals(tmp_path)


def test_a_blob_that_changes_meanwhile_is_not_mixed(service: Service, tmp_path: Path) -> None:
    send(raw_disk(tmp_path / "disk.raw"), service.url())

    def change(method: str, _path: str, query: str) -> Answer | None:
        if method == "GET" and "pagelist" in query:
            service.blob().etag = '"other"'
        return None

    service.faults = change
    with pytest.raises(TransferError) as caught:
        fetch(service, tmp_path / "back.vhd")

    assert caught.value.code == "azure-target-changed"
    assert not list(tmp_path.glob("back*"))


def test_what_a_killed_run_left_is_replaced(service: Service, tmp_path: Path) -> None:
    service.blobs["/acct/disks/os.vhd"] = Blob(MIB)
    (tmp_path / "back.vhd.partial").write_bytes(b"left")

    fetch(service, tmp_path / "back.vhd")

    assert (tmp_path / "back.vhd").read_bytes() == bytes(MIB)


def test_two_runs_do_not_write_one_file(service: Service, tmp_path: Path) -> None:
    import fcntl
    import os

    service.blobs["/acct/disks/os.vhd"] = Blob(MIB)
    with opened(tmp_path / "back.vhd.partial", os.O_RDWR | os.O_CREAT) as fd:
        fcntl.flock(fd, fcntl.LOCK_EX)
        with pytest.raises(HostError) as caught:
            fetch(service, tmp_path / "back.vhd")

    assert caught.value.code == "output-busy"


@pytest.mark.parametrize(
    ("blob", "error", "code"),
    [
        (None, TransferError, "azure-not-found"),
        (Blob(512, kind="BlockBlob"), UsageError, "azure-not-a-page-blob"),
    ],
)
def test_what_is_no_page_blob_is_refused(
    blob: Blob | None, error: type[Exception], code: str, service: Service, tmp_path: Path
) -> None:
    if blob is not None:
        service.blobs["/acct/disks/os.vhd"] = blob
    with pytest.raises(error) as caught:
        fetch(service, tmp_path / "back.vhd")

    assert getattr(caught.value, "code", "") == code


def test_a_folder_that_is_not_there_is_one_error(service: Service, tmp_path: Path) -> None:
    service.blobs["/acct/disks/os.vhd"] = Blob(MIB)
    with pytest.raises(HostError):
        fetch(service, tmp_path / "missing" / "back.vhd")
