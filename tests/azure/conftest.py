"""What the tests of Azure's side share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.azure.azurite_service import Azurite, azurite_running, is_there
from tests.azure.blob_service import Service, serving
from tests.azure.fault_proxy import Proxy, proxying
from tests.azure.killable import STALL, Nursery, nursery
from tests.conftest import REQUIRE_ALL


@pytest.fixture
def service() -> Iterator[Service]:
    """A strict blob service on loopback."""
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Azurite, started once for each worker."""
    if not is_there():
        missing = "Azurite is not installed: run scripts/setup test"
        if os.environ.get(REQUIRE_ALL) == "1":
            pytest.fail(missing, pytrace=False)
        pytest.skip(f"NOT TESTED: {missing}")
    with azurite_running(tmp_path_factory.mktemp("azurite")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(azurite: Azurite) -> Iterator[Proxy]:
    """A bad line to Azurite."""
    with proxying(azurite.port) as running:
        running.stall = STALL
        yield running


@pytest.fixture(scope="module")
def transfers() -> Iterator[Nursery]:
    """Starts transfers that may be killed."""
    with nursery() as running:
        yield running


@pytest.fixture(autouse=True)
def _state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals go to the test's own folder; nothing of the user's environment signs requests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
