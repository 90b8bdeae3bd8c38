"""HostGAPlugin: the host's helper of the agent, on a port of its own."""

from __future__ import annotations

import base64
import json
from typing import Any

from bootworthy.rehearsal.fabric import goal_state
from bootworthy.rehearsal.fabric.events import EventLog
from bootworthy.rehearsal.fabric.http import Application, Request, Response
from bootworthy.rehearsal.fabric.identity import Deployment

BANNER = "Microsoft-IIS/10.0"

# azurelinuxagent/common/protocol/hostplugin.py, API_VERSION.
_API_VERSIONS = ["2015-09-01"]

# Agents take vmSettings of 1.0.8.115 and newer (wire.py, _fetch_vm_settings_goal_state).
_PLUGIN_VERSION = "1.0.8.159"

_JSON = "application/json; charset=utf-8"


def _json(document: object, **headers: str) -> Response:
    return Response(content_type=_JSON, body=json.dumps(document).encode(), headers=headers)


def vm_settings(deployment: Deployment) -> dict[str, Any]:
    """The extensions' goal state, in its newer form: the same as the wire server's."""
    return {
        "hostGAPluginVersion": _PLUGIN_VERSION,
        "vmSettingsSchemaVersion": "0.0",
        "activityId": deployment.activity_id,
        "correlationId": deployment.correlation_id,
        "inSvdSeqNo": 1,
        "extensionsLastModifiedTickCount": deployment.created_ticks,
        "extensionGoalStatesSource": "Fabric",
        "onHold": False,
        "statusUploadBlob": {"statusBlobType": "BlockBlob", "value": goal_state.STATUS_BLOB},
        "gaFamilies": [
            {"name": family, "uris": [goal_state.manifest_uri(family)]}
            for family in goal_state.FAMILIES
        ],
        "extensionGoalStates": [],
    }


class HostPlugin:
    """Call it with a request."""

    def __init__(self, deployment: Deployment, events: EventLog) -> None:
        self._deployment = deployment
        self._events = events
        self._places: dict[tuple[str, str], Application] = {
            ("GET", "/versions"): self._versions,
            ("GET", "/health"): self._health,
            ("GET", "/vmSettings"): self._vm_settings,
            ("GET", "/extensionArtifact"): self._artifact,
            ("PUT", "/status"): self._status,
            ("PUT", "/vmAgentLog"): self._agent_log,
        }

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        answer = self._places.get((request.method, request.path))
        if answer is None:
            self._note("unknown", f"{request.method} {request.target}")
            return Response(status=404)
        return answer(request)

    def _note(self, kind: str, detail: str) -> None:
        self._events.add("host-plugin", f"hostgaplugin-{kind}", detail)

    def _versions(self, request: Request) -> Response:
        self._note("versions", f"for {request.agent}")
        return _json(_API_VERSIONS)

    def _health(self, request: Request) -> Response:
        self._note("health", f"for {request.agent}")
        return Response()

    def _vm_settings(self, request: Request) -> Response:
        self._note("vmsettings", f"for {request.agent}")
        # It never changes, so its own id is as good a tag as any.
        etag = str(self._deployment.created_ticks)
        if request.headers.get("if-none-match", "").strip('"') == etag:
            return Response(status=304, headers={"ETag": etag})
        return _json(vm_settings(self._deployment), ETag=etag)

    def _artifact(self, request: Request) -> Response:
        """What the agent cannot fetch itself; only the lists of its own versions are there."""
        wanted = request.headers.get("x-ms-artifact-location", "")
        self._note("artifact", wanted)
        if wanted in {goal_state.manifest_uri(family) for family in goal_state.FAMILIES}:
            return Response(content_type="text/xml", body=goal_state.manifest().encode())
        return Response(status=404)

    def _status(self, request: Request) -> Response:
        try:
            self._note("status", _describe_status(request.body))
        except (ValueError, RecursionError) as error:
            self._note("status-refused", str(error))
            return Response(status=400)
        return Response()

    def _agent_log(self, request: Request) -> Response:
        self._note("log", f"{len(request.body)} bytes")
        return Response()


def _describe_status(body: bytes) -> str:
    """The agent's word on itself: state, version, and what it knows of the system.

    Raises:
        ValueError: it is not what an agent sends.
    """
    outer = json.loads(body)
    if not isinstance(outer, dict):
        raise ValueError("a status without an envelope")  # noqa: TRY004 - it is the text's fault
    content = base64.b64decode(str(outer.get("content", ""))).strip(b" \0")
    if not content:
        return "the blob is made"
    status = _member(json.loads(content), "aggregateStatus", "guestAgentStatus")
    told = {key: status.get(key) for key in ("status", "version", "osInfo") if status.get(key)}
    return json.dumps(told or "a page")


def _member(document: object, *path: str) -> dict[str, Any]:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}
