"""No answer at all: one line that says why, and no secret in it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import ServiceRequestError
from requests.exceptions import ConnectionError as RequestsError
from requests.exceptions import ProxyError
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError

from bootworthy.azure.faults import Kind, fault_of
from bootworthy.azure.unreachable import reason_of
from bootworthy.model.errors import TransferError
from tests.azure.disks import raw_disk
from tests.azure.sending import send
from tests.disk.making import needs


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of loopback that is held by a socket which does not listen."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def nested(inner: Exception) -> ServiceRequestError:
    """An error as requests and the SDK wrap it."""
    with HTTPSConnectionPool("acct.example") as pool:
        outer = RequestsError(MaxRetryError(pool, "/a?sig=s3cr3t", inner))
    return ServiceRequestError(outer, error=outer)


@needs("sfdisk")
def test_a_server_that_does_not_listen(closed_port: int, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port}/acct/disks/os.vhd?sp=racwd&sig=s3cr3t"
    with pytest.raises(TransferError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), url, give_up_after=0.0)

    assert caught.value.code == "azure-unreachable"
    assert caught.value.message == "127.0.0.1 cannot be reached: Connection refused"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "acct.example cannot be resolved"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (ProxyError("refused"), "the proxy"),
    ],
)
def test_each_reason_has_its_words(inner: Exception, words: str) -> None:
    fault = fault_of(nested(inner))

    assert fault.kind is Kind.NETWORK
    assert words in fault.text
    assert "s3cr3t" not in fault.text
    assert fault.error().code == "azure-unreachable"
    assert fault.error().hint


def test_a_certificate_that_is_not_trusted_ends_it_at_once() -> None:
    fault = fault_of(nested(ssl.SSLCertVerificationError("self-signed certificate")))

    assert fault.kind is Kind.FINAL
    assert "acct.example" in fault.text
    assert fault.error().code == "azure-unreachable"
    assert "REQUESTS_CA_BUNDLE" in fault.error().hint


def test_what_is_not_known_is_told_as_it_is() -> None:
    error = ServiceRequestError("something odd ?sig=s3cr3t")

    assert reason_of(error) is None
    assert fault_of(error).text == "something odd ?sig=REDACTED"


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, other = ValueError("a"), ValueError("b")
    one.__cause__, other.__cause__ = other, one

    assert reason_of(one) is None
