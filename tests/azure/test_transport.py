"""The session that the SDK's requests travel by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bootworthy.azure.transport import PooledSession, transport_over

URL = "https://acct.example/vhds/a.vhd?sig=s3cr3t"


@pytest.fixture
def session() -> Iterator[PooledSession]:
    with PooledSession(3) as made:
        yield made


def settings(session: PooledSession, url: str = URL) -> dict[str, object]:
    found: dict[str, object] = session.merge_environment_settings(url, {}, None, True, None)
    return found


def test_proxies_of_the_environment_are_looked_up_once_for_each_host(
    session: PooledSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "other.example")
    first = settings(session)
    monkeypatch.delenv("HTTPS_PROXY")

    assert first["proxies"] == {"https": "http://proxy.example:3128", "no": "other.example"}
    assert settings(session) == first
    assert settings(session, "https://other.example/a")["proxies"] != first["proxies"]


def test_certificates_of_the_environment_count(
    session: PooledSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/company.pem")

    assert settings(session)["verify"] == "/etc/company.pem"


def test_a_netrc_signs_nothing(
    session: PooledSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine acct.example login me password pa55\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    body = memoryview(bytearray(b"pages"))
    prepared = session.prepare_request(
        requests.Request("PUT", URL, headers={"x-ms-version": "1"}, data=body)
    )

    assert "Authorization" not in prepared.headers
    assert prepared.headers["x-ms-version"] == "1"
    assert prepared.headers["Content-Length"] == "5"
    assert prepared.url == URL


def test_there_are_as_many_connections_as_were_asked_for(session: PooledSession) -> None:
    transport_over(session)

    adapter = session.get_adapter(URL)
    assert getattr(adapter, "_pool_maxsize", 0) == 3
    assert getattr(adapter, "max_retries").total == 0  # noqa: B009 - the base class has none
