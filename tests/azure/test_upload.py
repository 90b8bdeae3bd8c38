"""Uploads to a service as strict as Azure's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.azure.journal import default_path
from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.model.errors import BootworthyError, ImageError, TransferError, UsageError
from bootworthy.model.events import BytesMoved, Event, StepFinished
from tests.azure.authority import make_authority, serving_context
from tests.azure.blob_service import Answer, Blob, Service, refusal, serving
from tests.azure.disks import SOURCES, fixed_vhd, make, raw_disk
from tests.azure.sending import disk_target, send, target_of
from tests.disk import sources
from tests.disk.making import MIB, needs, run, sparse

pytestmark = needs("qemu-img", "sfdisk")


@pytest.mark.parametrize("kind", SOURCES)
def test_what_arrives_is_the_vhd_of_any_source(kind: str, service: Service, tmp_path: Path) -> None:
    source = make(kind, tmp_path)
    expected = source.read_bytes() if kind == "vhd" else fixed_vhd(source)

    result = send(source, service.url(), verify=True, skip_free=False)

    arrived = service.blob().content()
    assert arrived[:-512] == expected[:-512]
    assert footer.problems_of(footer.parse(arrived[-512:]), len(arrived)) == ()
    assert result.verified
    assert result.size == len(expected)
    assert kind != "vhd" or arrived == expected


# Decoded by several threads at once, from more than one file, or unpacked first.
OTHERS = ("vhd-differencing", "vhdx-unclosed", "vhdx-differencing", "vmdk-chain", "ova", "zstd")


@pytest.mark.parametrize("kind", OTHERS)
def test_what_arrives_is_the_disk_of_a_chain_a_log_or_a_package(
    kind: str, service: Service, tmp_path: Path
) -> None:
    source = sources.make(kind, tmp_path)

    result = send(source, service.url(), allow_backing=True, verify=True, skip_free=False)

    assert service.blob().content()[:-512] == fixed_vhd(tmp_path / "disk.raw")[:-512]
    assert result.verified


def test_https_is_spoken_with_the_certificates_that_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    authority = make_authority(tmp_path)
    with serving(Service(tls=serving_context(authority.served))) as service:
        with pytest.raises(TransferError) as caught:
            send(source, service.url())
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificates))
        send(source, service.url(), verify=True)

        assert service.blob().content()[:-512] == fixed_vhd(source)[:-512]
    assert caught.value.code == "azure-unreachable"
    assert "certificate" in caught.value.message


def test_only_data_travels_in_aligned_ranges(service: Service, tmp_path: Path) -> None:
    result = send(raw_disk(tmp_path / "disk.raw"), service.url())

    assert set(service.writes.values()) == {1}
    assert all(start % 512 == 0 and end % 512 == 0 for start, end in service.writes)
    assert all(end - start <= 4 * MIB for start, end in service.writes)
    assert result.moved == sum(end - start for start, end in service.writes)
    assert result.requests == len(service.writes)
    # 9 MiB of it are noise, text and single bytes; the rest is a hole.
    assert result.moved < 3 * MIB


def test_a_gap_of_128_kib_is_sent_and_a_longer_one_is_not(service: Service, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk.raw", 4 * MIB)
    with disk.open("r+b") as file:
        for offset in (0, 4096 + 131072, 3 * MIB, 3 * MIB + 4096 + 131072 + 4096):
            file.seek(offset)
            file.write(b"\xff" * 4096)
        file.seek(510)
        file.write(b"\x55\xaa")

    send(disk, service.url())

    last = 3 * MIB + 135168 + 4096
    spans = sorted(service.writes)
    assert spans[:3] == [(0, 139264), (3 * MIB, 3 * MIB + 4096), (last, last + 4096)]


@needs("mke2fs", "debugfs", "e2fsck")
def test_blocks_that_no_file_uses_do_not_travel(service: Service, tmp_path: Path) -> None:
    from tests.disk.test_free_space import KINDS
    from tests.disk.test_free_space import make as make_ext4

    source = make_ext4(tmp_path / "disk.raw", KINDS["ext4"])
    whole = send(source, service.url("acct/disks/whole.vhd"), skip_free=False)
    lean = send(source, service.url("acct/disks/lean.vhd"), verify=True)

    assert lean.free > 0
    # A third of the files was deleted, and more than the rest was once theirs.
    assert whole.moved - lean.moved > 2 * MIB
    arrived = tmp_path / "arrived.raw"
    arrived.write_bytes(service.blob("acct/disks/lean.vhd").content()[:-512])
    run("e2fsck", "-fn", arrived)


def test_the_footer_goes_last(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    size = 25 * MIB
    seen: list[bool] = []

    def look(method: str, _path: str, query: str) -> Answer | None:
        if method == "PUT" and "comp=page" in query:
            seen.append((size, size + 512) in service.writes)
        return None

    service.faults = look
    send(source, service.url())

    assert (size, size + 512) in service.writes
    assert not any(seen)


def test_something_that_is_there_stays_without_force(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    service.blobs["/acct/disks/os.vhd"] = Blob(1024, {}, {0: b"k" * 512})

    with pytest.raises(UsageError) as caught:
        send(source, service.url())

    assert caught.value.code == "azure-target-exists"
    # Nothing was begun, so that nothing is to be continued.
    assert not default_path(service.url().partition("?")[0], str(source)).exists()
    assert service.blob().content()[:512] == b"k" * 512
    assert send(source, service.url(), force=True).size == service.blob().size
    assert service.blob().content()[:-512] == fixed_vhd(source)[:-512]


def test_a_blob_that_appears_meanwhile_is_not_replaced(service: Service, tmp_path: Path) -> None:
    def appear(method: str, path: str, query: str) -> Answer | None:
        if method == "PUT" and "comp" not in query:
            service.blobs[path] = Blob(1024, {}, {0: b"k" * 512})
        return None

    service.faults = appear
    with pytest.raises(UsageError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), service.url())

    assert caught.value.code == "azure-target-exists"


def test_a_managed_disk_is_written_without_making_or_naming_anything(tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    expected = fixed_vhd(source)
    with serving(Service(managed=True)) as service:
        service.blobs["/acct/md/abcd"] = Blob(len(expected))
        send(source, disk_target(service), md5=True)

        assert service.blob("acct/md/abcd").content()[:-512] == expected[:-512]
        assert {method for method, _ in service.log} == {"HEAD", "GET", "PUT"}


def test_zeros_replace_what_a_managed_disk_held(tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    expected = fixed_vhd(source)
    old = Blob(len(expected))
    for start in (0, 12 * MIB, 13 * MIB + 512, len(expected) - 1024):
        old.write(start, b"\xee" * 1024)
    with serving(Service(managed=True)) as service:
        service.blobs["/acct/md/abcd"] = old
        send(source, disk_target(service))

        assert service.blob("acct/md/abcd").content()[:-512] == expected[:-512]


def test_a_managed_disk_of_another_size_is_refused_at_once(tmp_path: Path) -> None:
    with serving(Service(managed=True)) as service:
        service.blobs["/acct/md/abcd"] = Blob(30 * MIB + 512)
        target = disk_target(service)
        with pytest.raises(UsageError) as caught:
            send(raw_disk(tmp_path / "disk.raw"), target)

        assert caught.value.code == "azure-disk-size"
        assert not service.writes


def test_md5_is_checked_by_the_service(service: Service, tmp_path: Path) -> None:
    send(raw_disk(tmp_path / "disk.raw"), service.url(), md5=True)

    assert service.checked == len(service.writes) > 0


def test_each_refusal_is_one_error_that_names_no_secret(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    service.signature, signature = "right", "wr0" + "ng"
    with pytest.raises(TransferError) as caught:
        send(source, service.url(signature=signature))

    assert caught.value.code == "azure-access-denied"
    assert "SAS" in caught.value.hint
    assert "wr0ng" not in _all_words(caught.value)


def test_no_secret_is_in_the_journal(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    with pytest.raises(TransferError):
        _fail_after(service, 2, source)
    files = list((tmp_path / "state").rglob("*.sqlite*"))

    assert files
    assert all(b"s3cr3t" not in path.read_bytes() for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_an_interrupted_upload_goes_on_where_it_was(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    with pytest.raises(TransferError):
        _fail_after(service, 3, source)
    arrived = dict(service.writes)
    assert 0 < len(arrived) < 6
    assert (25 * MIB, 25 * MIB + 512) not in arrived

    with pytest.raises(UsageError) as caught:
        send(source, service.url())
    assert caught.value.code == "transfer-begun"

    result = send(source, service.url(), resume=True)

    assert service.blob().content()[:-512] == fixed_vhd(source)[:-512]
    assert all(service.writes[span] == 1 for span in arrived)
    assert result.resumed == sum(end - start for start, end in arrived)
    assert not list((tmp_path / "state").rglob("*.sqlite*"))


def test_a_changed_source_is_not_continued(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    with pytest.raises(TransferError):
        _fail_after(service, 3, source)
    with source.open("r+b") as file:
        file.seek(MIB)
        file.write(b"changed")

    with pytest.raises(ImageError) as caught:
        send(source, service.url(), resume=True)

    assert caught.value.code == "source-changed"
    assert send(source, service.url(), force=True).resumed == 0


def test_a_whole_upload_is_not_continued(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    send(source, service.url())
    before = service.blob().content()

    with pytest.raises(UsageError) as caught:
        send(source, service.url(), resume=True)

    assert caught.value.code == "azure-target-exists"
    assert "may be whole" in caught.value.hint
    assert service.blob().content() == before


def test_a_target_that_others_changed_is_not_continued(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    with pytest.raises(TransferError):
        _fail_after(service, 3, source)
    service.blob().metadata.clear()

    with pytest.raises(TransferError) as caught:
        send(source, service.url(), resume=True)

    assert caught.value.code == "azure-target-changed"


def test_a_source_written_to_meanwhile_gets_no_footer(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")

    def write(method: str, _path: str, query: str) -> Answer | None:
        if method == "PUT" and "comp=page" in query:
            os.utime(source, ns=(1, 1))
        return None

    service.faults = write
    with pytest.raises(ImageError) as caught:
        send(source, service.url())

    assert caught.value.code == "source-changed"
    assert not any(service.blob().content()[-512:])


def test_what_differs_when_read_back_gets_no_footer(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")

    def spoil(method: str, _path: str, query: str) -> Answer | None:
        if method == "GET" and "comp=pagelist" in query:
            service.blob().write(12 * MIB, b"\xee" * 512)
        return None

    service.faults = spoil
    with pytest.raises(TransferError) as caught:
        send(source, service.url(), verify=True)

    assert caught.value.code == "azure-verify-failed"
    assert str(12 * MIB) in caught.value.message
    assert not any(service.blob().content()[-512:])


def test_two_runs_never_work_at_one_transfer(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    caught: list[BootworthyError] = []

    def second(method: str, _path: str, query: str) -> Answer | None:
        if method == "PUT" and "comp=page" in query and not caught:
            service.faults = lambda *_: None
            try:
                # The first run holds the journal.
                with serving() as other:
                    journal = default_path(service.url().partition("?")[0], str(source))
                    send(source, other.url(), journal=journal)
            except BootworthyError as error:
                caught.append(error)
        return None

    service.faults = second
    send(source, service.url())

    assert [error.code for error in caught] == ["journal-unusable"]


def test_progress_says_what_travels_and_what_does_not(service: Service, tmp_path: Path) -> None:
    events: list[Event] = []
    send(raw_disk(tmp_path / "disk.raw"), service.url(), observer=events.append)

    moved = [event for event in events if isinstance(event, BytesMoved)]
    assert moved[-1].done == moved[-1].total > 0
    finished = [event for event in events if isinstance(event, StepFinished)]
    assert "of zeros, holes and free blocks not sent" in finished[0].detail


def test_an_image_larger_than_a_page_blob_is_refused_at_once(
    service: Service, tmp_path: Path
) -> None:
    disk = sparse(tmp_path / "disk.raw", (8 << 40) + 512)
    with pytest.raises(UsageError) as caught:
        send(disk, service.url())

    assert caught.value.code == "azure-disk-size"
    assert not service.log


def _fail_after(service: Service, writes: int, source: Path) -> None:
    """Have the service refuse everything after some writes arrived, then mend it."""

    def refuse(method: str, _path: str, query: str) -> Answer | None:
        if method == "PUT" and "comp=page" in query and len(service.writes) >= writes:
            return refusal(403, "AuthenticationFailed")
        return None

    service.faults = refuse
    try:
        send(source, service.url(), connections=1)
    finally:
        service.faults = lambda *_: None


def _all_words(error: BootworthyError) -> str:
    import traceback

    return "".join(traceback.format_exception(error)) + error.message + error.hint


def test_the_container_stays_open_for_its_owner(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    with open_container(source) as container:
        from bootworthy.azure.upload import upload

        upload(container, target_of(service.url()))

        assert container.pread(510, 2) == b"\x55\xaa"
