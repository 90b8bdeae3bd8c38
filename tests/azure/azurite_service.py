"""Azurite, Microsoft's emulator of Azure Storage, as a process of the tests on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

# The account that every emulator has; Azurite's README publishes its key.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
CONTAINER = "vhds"

_MAIN = Path(__file__).parent / "azurite/node_modules/azurite/dist/src/blob/main.js"
_PATIENCE = 60.0


def is_there() -> bool:
    """Whether scripts/setup test installed it."""
    return _MAIN.exists() and shutil.which("node") is not None


@dataclass(frozen=True)
class Azurite:
    """A running Azurite; ``port`` is where it listens."""

    port: int

    @property
    def connection_string(self) -> str:
        """How to reach it with its account's key."""
        where = f"http://127.0.0.1:{self.port}/{ACCOUNT}"
        parts = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={where};"
        return f"DefaultEndpointsProtocol=http;{parts}"

    def url(self, name: str, *, port: int | None = None, permissions: str = "rcwd") -> str:
        """The address of a blob with a SAS, at another port where a proxy is in between."""
        from azure.storage.blob import generate_blob_sas

        sas = generate_blob_sas(
            ACCOUNT,
            CONTAINER,
            name,
            account_key=KEY,
            permission=permissions,
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        return f"http://127.0.0.1:{port or self.port}/{ACCOUNT}/{CONTAINER}/{name}?{sas}"

    def client(self, name: str) -> BlobClient:
        """The SDK's client of a blob."""
        from azure.storage.blob import BlobClient

        return BlobClient.from_connection_string(self.connection_string, CONTAINER, name)

    def content(self, name: str) -> bytes:
        """All of a blob, as the SDK downloads it."""
        with self.client(name) as client:
            data: bytes = client.download_blob().readall()
            return data


@contextmanager
def azurite_running(folder: Path) -> Iterator[Azurite]:
    """Azurite on a free port, its data in memory, its container made."""
    port = _free_port()
    argv = ["node", os.fspath(_MAIN), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    argv += ["--silent", "--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry"]
    with (folder / "azurite.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_for(port, process)
        azurite = Azurite(port)
        _make_container(azurite)
        yield azurite
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "Azurite ended at once"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("Azurite does not listen")


def _make_container(azurite: Azurite) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        service.create_container(CONTAINER)
