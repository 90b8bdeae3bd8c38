"""How the SDK's requests travel: one pool of connections, the environment read once.

requests looks through all of the environment for proxies with every request, which costs more than
what else a request does; nothing there changes while bootworthy runs.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter


class PooledSession(requests.Session):
    """A session with ``connections`` at once, which remembers each host's proxies."""

    def __init__(self, connections: int) -> None:
        super().__init__()
        self._connections = connections
        self._settings: dict[str, Any] = {}

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """The request as the SDK made it; no .netrc replaces its authorization."""
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method, url=request.url, headers=request.headers, data=request.data
        )
        return prepared

    def merge_environment_settings(
        self,
        url: Any,  # noqa: ANN401 - all as requests declares it
        proxies: Any,  # noqa: ANN401
        stream: Any,  # noqa: ANN401
        verify: Any,  # noqa: ANN401
        cert: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """The proxies and certificates for a request to ``url``, as requests finds them."""
        place = f"{urlsplit(url)[:2]} {proxies} {verify} {cert}"
        if place not in self._settings:
            found = super().merge_environment_settings(url, proxies, stream, verify, cert)
            self._settings[place] = found
        return self._settings[place] | {"stream": stream}

    def pool(self) -> None:
        """Have as many connections as were asked for, and no retries but our own."""
        adapter = HTTPAdapter(pool_maxsize=self._connections, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)


def transport_over(session: PooledSession) -> RequestsTransport:
    """The SDK's way to send, over ``session``, which stays the caller's."""
    transport = RequestsTransport(session=session, session_owner=False)
    # The transport mounts adapters of its own, with ten connections, when it is made.
    session.pool()
    return transport
