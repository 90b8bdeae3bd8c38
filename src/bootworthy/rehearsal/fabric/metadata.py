"""The metadata service: what the machine can ask about itself, without a key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bootworthy.rehearsal.fabric.certificates import Vault
from bootworthy.rehearsal.fabric.events import EventLog
from bootworthy.rehearsal.fabric.http import Request, Response
from bootworthy.rehearsal.fabric.identity import Deployment
from bootworthy.rehearsal.fabric.instance import VERSIONS, instance_document

BANNER = "IMDS/150.870.65.1854"

_JSON = "application/json; charset=utf-8"
_HELP = "For more information refer to aka.ms/azureimds"

# learn.microsoft.com, instance-metadata-service, "Attested data": good for six hours.
_ATTESTED = timedelta(hours=6)


def _json(document: object, status: int = 200) -> Response:
    return Response(status=status, content_type=_JSON, body=json.dumps(document).encode())


def _bad(reason: str, **more: object) -> Response:
    return _json({"error": f"Bad request. {reason}", **more}, 400)


def _not_found() -> Response:
    return _json({"error": "Not found"}, 404)


class MetadataService:
    """Call it with a request."""

    def __init__(self, deployment: Deployment, vault: Vault, events: EventLog) -> None:
        self._deployment = deployment
        self._vault = vault
        self._events = events

    def __call__(self, request: Request) -> Response:
        """Answer one request, and note it with the status of the answer."""
        response = self._guard(request)
        told = f"{request.method} {request.target} {response.status} (for {request.agent})"
        self._events.add("metadata", "imds-request", told)
        return response

    def _guard(self, request: Request) -> Response:
        """Refuse what a program could be tricked into asking: no header, or by way of a proxy."""
        if request.headers.get("metadata", "").lower() != "true":
            return _bad("Required metadata header not specified")
        if "x-forwarded-for" in request.headers:
            return _bad("X-Forwarded-For header is not allowed")
        parts = [part for part in request.path.split("/") if part]
        if parts[:1] != ["metadata"]:
            return _not_found()
        if parts[1:] == ["versions"]:
            return _json({"apiVersions": VERSIONS})
        return self._route(request, parts[1:])

    def _route(self, request: Request, parts: list[str]) -> Response:
        version = request.query.get("api-version", "")
        match parts:
            case ["identity", "oauth2", "token"] | ["identity", "info"]:
                # The machine has no managed identity.
                reason = {"error": "invalid_request", "error_description": "Identity not found"}
                return _json(reason, 400)
            case ["scheduledevents"] if request.method in ("GET", "POST"):
                # Its versions are others; none of its documents has anything to tell.
                return _json({"DocumentIncarnation": 1, "Events": []})
        if request.method != "GET":
            return _json({"error": "Method not allowed"}, 405)
        if version not in VERSIONS:
            word = "was not specified in the request" if not version else "is invalid"
            newest = {"newest-versions": VERSIONS[:-4:-1]}
            return _bad(f"api-version {word}. {_HELP}", **newest)
        match parts:
            case ["attested", "document"]:
                return self._attested(request)
            case ["instance", *inner]:
                return self._instance(request, version, inner)
        return _not_found()

    def _instance(self, request: Request, version: str, inner: list[str]) -> Response:
        extended = request.query.get("extended", "").lower() == "true"
        found: Any = instance_document(self._deployment, version, extended=extended)
        for part in inner:
            try:
                found = found[int(part)] if isinstance(found, list) else found[part]
            except (KeyError, IndexError, ValueError, TypeError):
                return _not_found()
        if request.query.get("format") != "text":
            return _json(found)
        if isinstance(found, (dict, list)):
            names = found if isinstance(found, dict) else range(len(found))
            listing = "\n".join(f"{name}" for name in names)
            return Response(content_type="text/plain; charset=utf-8", body=listing.encode())
        return Response(content_type="text/plain; charset=utf-8", body=str(found).encode())

    def _attested(self, request: Request) -> Response:
        now = datetime.now(tz=UTC)
        # As the page above prints it.
        told = "%m/%d/%y %H:%M:%S -0000"
        document = {
            "licenseType": "",
            "nonce": request.query.get("nonce", now.strftime("%Y%m%d-%H%M%S")),
            "plan": {"name": "", "product": "", "publisher": ""},
            "sku": "",
            "subscriptionId": "00000000-0000-0000-0000-000000000000",
            "timeStamp": {
                "createdOn": now.strftime(told),
                "expiresOn": (now + _ATTESTED).strftime(told),
            },
            "vmId": self._deployment.scenario.vm_id,
        }
        signature = self._vault.sign(json.dumps(document).encode())
        return _json({"encoding": "pkcs7", "signature": signature})
