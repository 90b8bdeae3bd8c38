"""The tests' strict blob service as a process, its blobs in sparse files, for any client.

``python -m benchmarks.blob_server FOLDER [PEM]`` prints its port and serves until its input ends;
with a file that holds a certificate and its key, over HTTPS. It answers to GET /stats how many
writes came and how many bytes, and begins to count anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bootworthy.disk.sparse import data_runs
from tests.azure.authority import serving_context
from tests.azure.blob_service import Answer, Blob, Service, Span, serving


@dataclass
class FileBlob(Blob):
    """A blob in a sparse file."""

    fd: int = -1

    def write(self, start: int, data: bytes) -> None:
        """Put pages."""
        os.pwrite(self.fd, data, start)

    def read(self, start: int, end: int) -> bytes:
        """Get bytes."""
        return os.pread(self.fd, end - start, start)

    def ranges(self, start: int, end: int) -> Iterator[Span]:
        """Where pages were written."""
        yield from data_runs(self.fd, start, end)


def main() -> None:
    """Serve until standard input ends."""
    folder = Path(sys.argv[1])
    tls = serving_context(Path(sys.argv[2])) if sys.argv[2:] else None
    counted = 0

    def make(size: int, metadata: dict[str, str]) -> Blob:
        path = folder / "blob"
        path.unlink(missing_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.ftruncate(fd, size)
        return FileBlob(size, metadata, fd=fd)

    def answer(method: str, path: str, query: str) -> Answer | None:
        nonlocal counted
        if path == "/stats":
            sent = sum((end - start) * n for (start, end), n in service.writes.items())
            body = json.dumps({"bytes": sent, "requests": sum(service.writes.values())})
            service.writes.clear()
            service.log.clear()
            return 200, "", {"Content-Type": "application/json"}, body.encode()
        # AzCopy sets properties and metadata, and asks for its container's; all of it may be so.
        if method == "PUT" and "comp=properties" in query:
            return 200, "", {}, b""
        return None

    service = Service(make_blob=make, faults=answer, tls=tls)
    with serving(service):
        sys.stdout.write(f"{service.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
