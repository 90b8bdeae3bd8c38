"""Downloads that break off go on: after refusals, kills and a full disk."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bootworthy.azure.journal import FetchRecord, Journal
from bootworthy.disk.copying import write_at
from bootworthy.model.errors import HostError, TransferError, UsageError
from bootworthy.model.events import Event, Note
from tests.azure.azurite_service import Azurite
from tests.azure.blob_service import Answer, Blob, Service, refusal
from tests.azure.disks import raw_disk, small_disk
from tests.azure.fault_proxy import Fault, Proxy
from tests.azure.killable import WINDOW, Nursery
from tests.azure.sending import send
from tests.azure.test_download import fetch, journals
from tests.disk.making import MIB, needs
from tests.disk.mounting import needs_root

pytestmark = needs("sfdisk")

_KILLED_RUNS = 40
_CONNECTIONS = 4


@pytest.fixture(autouse=True)
def _note_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootworthy.azure.download._CHECKPOINT", 0.0)


@pytest.fixture
def sent(service: Service, tmp_path: Path) -> Service:
    """A service that has a disk."""
    send(raw_disk(tmp_path / "disk.raw"), service.url())
    return service


def broken_off(service: Service, out: Path, reads: int = 5) -> TransferError:
    """A download that Azure refuses to go on with after some reads; the service is mended then."""
    left = [reads]

    def fail(method: str, _path: str, query: str) -> Answer | None:
        if method == "GET" and "comp" not in query:
            left[0] -= 1
        return refusal(403, "AuthenticationFailed") if left[0] < 0 else None

    service.faults = fail
    with pytest.raises(TransferError) as caught:
        fetch(service, out, window=WINDOW, connections=1)
    service.faults = lambda *_: None
    return caught.value


def reads_of(service: Service) -> int:
    return sum(method == "GET" and "comp" not in query for method, query in service.log)


def test_what_was_fetched_is_not_fetched_again(sent: Service, tmp_path: Path) -> None:
    out = tmp_path / "back.vhd"
    whole = fetch(sent, tmp_path / "whole.vhd", window=WINDOW)
    broken_off(sent, out)
    assert not out.exists()
    sent.log.clear()

    result = fetch(sent, out, window=WINDOW, resume=True)

    assert out.read_bytes() == sent.blob().content()
    assert 0 < result.resumed <= 5 * WINDOW
    assert result.moved + result.resumed == whole.moved
    assert reads_of(sent) == whole.requests - 5
    assert [path.name for path in tmp_path.glob("back*")] == ["back.vhd"]
    assert not journals(tmp_path)


def test_it_is_not_begun_again_by_mistake(sent: Service, tmp_path: Path) -> None:
    out = tmp_path / "back.vhd"
    broken_off(sent, out)
    with pytest.raises(UsageError) as caught:
        fetch(sent, out)
    assert caught.value.code == "transfer-begun"
    assert (tmp_path / "back.vhd.partial").exists()

    result = fetch(sent, out, force=True)

    assert result.resumed == 0
    assert out.read_bytes() == sent.blob().content()


def test_a_blob_that_was_changed_since_is_refused(sent: Service, tmp_path: Path) -> None:
    out = tmp_path / "back.vhd"
    broken_off(sent, out)
    sent.blob().etag = '"other"'
    sent.blob().write(0, b"\x99" * 512)
    with pytest.raises(TransferError) as caught:
        fetch(sent, out, resume=True)
    assert caught.value.code == "azure-target-changed"
    assert "--force" in caught.value.hint

    fetch(sent, out, force=True)

    assert out.read_bytes() == sent.blob().content()
    assert out.read_bytes()[:512] == b"\x99" * 512


def test_another_file_at_work_is_not_taken_for_its_own(sent: Service, tmp_path: Path) -> None:
    out, partial = tmp_path / "back.vhd", tmp_path / "back.vhd.partial"
    broken_off(sent, out)
    partial.rename(tmp_path / "kept")
    partial.write_bytes(b"\x55" * (30 * MIB))
    events: list[Event] = []

    result = fetch(sent, out, resume=True, observer=events.append)

    assert out.read_bytes() == sent.blob().content()
    assert result.resumed == 0
    assert any(isinstance(event, Note) and "begins anew" in event.text for event in events)


def test_where_nothing_was_begun_it_begins(sent: Service, tmp_path: Path) -> None:
    out = tmp_path / "back.vhd"
    broken_off(sent, out)
    (tmp_path / "back.vhd.partial").unlink()
    events: list[Event] = []

    fetch(sent, out, resume=True, observer=events.append)

    assert out.read_bytes() == sent.blob().content()
    assert Note("there is no download to continue; it begins now") in events


def test_a_file_that_appears_meanwhile_is_kept(sent: Service, tmp_path: Path) -> None:
    out = tmp_path / "back.vhd"

    def appear(method: str, _path: str, query: str) -> Answer | None:
        if method == "GET" and "comp" not in query:
            out.write_bytes(b"keep")
        return None

    sent.faults = appear
    with pytest.raises(UsageError) as caught:
        fetch(sent, out, window=WINDOW)
    assert caught.value.code == "output-exists"
    assert out.read_bytes() == b"keep"
    with pytest.raises(UsageError):
        fetch(sent, out, resume=True)

    result = fetch(sent, out, resume=True, force=True)

    assert result.moved == 0
    assert out.read_bytes() == sent.blob().content()


def test_nothing_is_noted_before_it_is_on_the_disk(
    sent: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, note = os.fdatasync, Journal.close_window

    def synced(fd: int) -> None:
        order.append("sync")
        sync(fd)

    def noted(self: Journal[FetchRecord], *windows: tuple[int, int]) -> None:
        order.append("note")
        note(self, *windows)

    monkeypatch.setattr(os, "fdatasync", synced)
    monkeypatch.setattr(Journal, "close_window", noted)

    fetch(sent, tmp_path / "back.vhd", window=WINDOW)

    assert order[::2] == ["sync"] * (len(order) // 2)
    assert order[1::2] == ["note"] * (len(order) // 2)
    assert order


def test_a_write_that_fails_keeps_what_was_fetched(
    sent: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, left = tmp_path / "back.vhd", [4]

    def fail(fd: int, data: bytes, offset: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(5, "Input/output error")
        write_at(fd, data, offset)

    with monkeypatch.context() as patched:
        patched.setattr("bootworthy.azure.download.write_at", fail)
        with pytest.raises(HostError) as caught:
            fetch(sent, out, window=WINDOW, connections=1)
    assert caught.value.code == "host-write-failed"

    assert fetch(sent, out, resume=True).resumed > 0
    assert out.read_bytes() == sent.blob().content()


def test_a_bad_line_and_kills_change_nothing(
    azurite: Azurite, proxy: Proxy, transfers: Nursery, tmp_path: Path
) -> None:
    send(small_disk(tmp_path / "disk.raw"), azurite.url("there.vhd"))
    expected = azurite.content("there.vhd")
    kills = faults = 0
    for run in range(_KILLED_RUNS):
        proxy.restart(seed=run, rate=0.15)
        proxy.faults.clear()
        out = tmp_path / f"{run}.vhd"
        url = azurite.url("there.vhd", port=proxy.port, permissions="r")
        killed = _download_until_done(run, url, out, transfers)
        kills += killed
        hurt = proxy.faults.total() - proxy.faults[Fault.NONE]
        faults += hurt

        assert out.read_bytes() == expected
        assert not out.with_name(out.name + ".partial").exists()
        # A kill can hit the requests under way, and those that were not noted yet.
        again = sum((proxy.fetched - Counter(proxy.fetched.keys())).values())
        assert again <= hurt + 2 * _CONNECTIONS * killed
    assert kills > 10
    assert faults > _KILLED_RUNS


def _download_until_done(run: int, url: str, out: Path, transfers: Nursery) -> int:
    """Download through it all; how often the process was killed."""
    chance = random.Random(run)  # noqa: S311 - a test's dice
    journal = out.with_suffix(".sqlite")
    for kills in range(50):
        order = {"output": str(out), "url": url, "journal": str(journal)}
        child = transfers.start(**order, resume=kills > 0)
        if kills < 2 and chance.random() < 0.6:
            time.sleep(chance.uniform(0.0, 0.25))
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        status = transfers.wait()
        if status == 0:
            return kills
        if status == UsageError.exit_code and out.exists():
            # Killed after its last step: the file is whole and has its name.
            return kills
        assert status == -signal.SIGKILL
    raise AssertionError("it never ended")


_FULL = """
mount -t tmpfs -o size=6M none "$1"
"$2" -m bootworthy download "$3" -o "$1/back.vhd" -q && exit 99
echo "status $?"; ls "$1"
mount -o remount,size=64M "$1"
"$2" -m bootworthy download "$3" -o "$1/back.vhd" -q --resume
cmp "$1/back.vhd" "$4"; ls "$1"
"""


@needs_root
@needs("unshare")
def test_a_full_disk_is_one_error_and_no_end(service: Service, tmp_path: Path) -> None:
    service.blobs["/acct/disks/os.vhd"] = Blob(16 * MIB)
    service.blob().write(0, os.urandom(8 * MIB))
    (tmp_path / "expected").write_bytes(service.blob().content())
    place = tmp_path / "mnt"
    place.mkdir()
    words = [str(place), sys.executable, service.url(), str(tmp_path / "expected")]

    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", _FULL, "sh", *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["status 4", "back.vhd.partial"]
    assert done.stdout.split()[-1] == "back.vhd"
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert len(errors) == 1
    assert "no space left" in errors[0]
    assert "what was fetched is kept; it goes on with: bootworthy download" in done.stderr
    assert "--resume" in done.stderr
    assert "s3cr3t" not in done.stderr
    assert not journals(tmp_path)
