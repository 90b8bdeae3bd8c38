"""Refusals that have to do with time are told as such."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError

from bootworthy.azure import clocks
from bootworthy.azure.faults import Kind, fault_of
from bootworthy.azure.target import parse
from bootworthy.model.errors import TransferError
from tests.azure.authority import make_authority, serving_context
from tests.azure.azurite_service import KEY
from tests.azure.blob_service import Service, serving
from tests.azure.disks import raw_disk
from tests.azure.sending import no_credential, send
from tests.disk.making import needs

pytestmark = needs("sfdisk")

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
URL = "https://acct.example/vhds/a.vhd?sv=1&sig=s3cr3t"


def hint(date: str, url: str = URL) -> str:
    response = SimpleNamespace(headers={"Date": date}, request=SimpleNamespace(url=url))
    return clocks.hint_of(response, NOW)


def refused(source: Path, target: object) -> TransferError:
    with pytest.raises(TransferError) as caught:
        send(source, target)  # type: ignore[arg-type]
    assert caught.value.code == "azure-access-denied"
    assert "s3cr3t" not in caught.value.hint
    return caught.value


@pytest.mark.parametrize("ahead", [timedelta(minutes=17), timedelta(days=-9000)])
def test_a_wrong_clock_is_named_where_a_key_signs(
    ahead: timedelta, service: Service, tmp_path: Path
) -> None:
    service.ahead = ahead
    endpoint = f"http://127.0.0.1:{service.port}/acct"
    connection = f"AccountName=acct;AccountKey={KEY};BlobEndpoint={endpoint};"
    target = parse("disks/os.vhd", connection_string=connection, make_credential=no_credential)

    error = refused(raw_disk(tmp_path / "disk.raw"), target)

    assert f"Azure's {service.now:%Y-%m-%d %H:%M}" in error.hint
    assert clocks.SET_CLOCK in error.hint
    service.ahead = timedelta(minutes=4)
    assert send(tmp_path / "disk.raw", target).moved > 0


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [(1, 8, "the SAS is valid from"), (-8, -1, "the SAS expired at")],
)
def test_a_sas_out_of_its_time_is_named(
    start: int, end: int, words: str, service: Service, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    times = [
        (now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (start, end)
    ]
    url = service.url() + "&st={}&se={}".format(*times)

    error = refused(raw_disk(tmp_path / "disk.raw"), url)

    assert error.hint.startswith(words)
    assert clocks.SET_CLOCK not in error.hint


def test_a_sas_by_a_wrong_clock_names_the_clock(service: Service, tmp_path: Path) -> None:
    service.ahead = timedelta(hours=-2)
    url = service.url() + f"&st={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"

    error = refused(raw_disk(tmp_path / "disk.raw"), url)

    assert clocks.SET_CLOCK in error.hint
    assert "the SAS is valid from" in error.hint


def test_a_wrong_signature_is_not_a_matter_of_time(service: Service, tmp_path: Path) -> None:
    service.signature = "another"

    error = refused(raw_disk(tmp_path / "disk.raw"), service.url() + "&se=2999-01-01")

    assert "clock" not in error.hint
    assert "get a new one" in error.hint


def test_certificates_of_another_time_name_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    for days in (-30, 30):
        authority = make_authority(tmp_path, ahead=timedelta(days=days))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificates))
        with (
            serving(Service(tls=serving_context(authority.served))) as service,
            pytest.raises(TransferError) as caught,
        ):
            send(source, service.url())

        assert caught.value.code == "azure-unreachable"
        assert "clock" in caught.value.message
        assert caught.value.hint == clocks.SET_CLOCK


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("Wed, 04 Mar 2026 12:05:00 GMT", ""),
        (
            "Wed, 04 Mar 2026 12:05:01 GMT",
            "says 2026-03-04 12:00:00 UTC, Azure's 2026-03-04 12:05:01",
        ),
        ("Wed, 04 Mar 2026 11:54:59 GMT", "Azure's 2026-03-04 11:54:59 UTC"),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_five_minutes_are_borne(date: str, words: str) -> None:
    assert words in hint(date)
    assert bool(words) == bool(hint(date))


@pytest.mark.parametrize("end", ["2026-03-04", "2026-03-04T12:00Z", "2026-03-04T12:00:00Z"])
def test_every_form_of_a_moment_is_read(end: str) -> None:
    date = "Wed, 04 Mar 2026 12:00:00 GMT"

    assert "expired at 2026-03-04" in hint(date, f"{URL}&se={end}")
    assert hint(date, f"{URL}&se=soon&st=") == ""


def test_a_sign_in_out_of_time_names_the_clock() -> None:
    error = ClientAuthenticationError(
        "AADSTS700024: Client assertion is not within its valid time range."
    )
    fault = fault_of(error)

    assert fault.kind is Kind.DENIED
    assert fault.error().hint == clocks.SET_CLOCK
