"""The wire server: where a guest learns its goal state and says how it is."""

from __future__ import annotations

from collections.abc import Callable

from bootworthy.rehearsal.fabric import goal_state
from bootworthy.rehearsal.fabric.certificates import BadCertificateError, Vault
from bootworthy.rehearsal.fabric.events import EventLog
from bootworthy.rehearsal.fabric.health import BadReportError, HealthReport, parse_telemetry
from bootworthy.rehearsal.fabric.http import Application, Request, Response
from bootworthy.rehearsal.fabric.identity import Deployment

BANNER = "Microsoft-IIS/10.0"

_XML = "text/xml; charset=utf-8"

_DOCUMENTS: dict[str, tuple[str, Callable[[Deployment], str]]] = {
    "hostingEnvironmentConfig": ("hosting-environment", goal_state.hosting_environment),
    "fullConfig": ("hosting-environment", goal_state.hosting_environment),
    "sharedConfig": ("shared-config", goal_state.shared_config),
    "extensionsConfig": ("extensions-config", goal_state.extensions_config),
}


def _xml(text: str) -> Response:
    return Response(content_type=_XML, body=text.encode())


class WireServer:
    """Call it with a request; requests for metadata are handed on, as on Azure."""

    def __init__(
        self, deployment: Deployment, vault: Vault, events: EventLog, metadata: Application
    ) -> None:
        self._deployment = deployment
        self._vault = vault
        self._events = events
        self._metadata = metadata
        self._components: dict[tuple[str, str], Application] = {
            ("GET", "versions"): self._versions,
            ("GET", "goalstate"): self._goal_state,
            ("GET", "config"): self._config,
            ("GET", "certificates"): self._certificates,
            ("POST", "health"): self._health,
            ("POST", "roleproperties"): self._role_properties,
            ("POST", "telemetrydata"): self._telemetry,
        }
        self._places: dict[tuple[str, str], Application] = {
            ("POST", "/HealthService"): self._observed("health-service", 200),
            ("PUT", "/blob/status"): self._observed("status-blob", 201),
            ("PUT", "/vmAgentLog"): self._observed("agent-log", 200),
        }

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        component = request.query.get("comp", "").lower()
        if request.path.startswith("/metadata/"):
            return self._metadata(request)
        if request.path.startswith("/manifest/") and request.method == "GET":
            self._note("agent-manifest", request.path)
            return _xml(goal_state.manifest())
        answer = self._places.get((request.method, request.path))
        if answer is None and request.path.split("/")[1:2] in ([], ["machine"]):
            answer = self._components.get((request.method, component))
        if answer is None:
            self._note("wire-unknown", f"{request.method} {request.target}")
            return Response(status=404)
        return answer(request)

    def _note(self, kind: str, detail: str) -> None:
        self._events.add("wire", kind, detail)

    def _observed(self, kind: str, status: int) -> Application:
        """Take what comes, say thank you."""

        def _answer(request: Request) -> Response:
            self._note(kind, request.body[:1000].decode("utf-8", "replace"))
            return Response(status=status)

        return _answer

    def _versions(self, request: Request) -> Response:
        self._note("wire-versions", f"for {request.agent}")
        return _xml(goal_state.versions())

    def _goal_state(self, request: Request) -> Response:
        self._note("goalstate", f"for {request.agent}")
        return _xml(goal_state.goal_state(self._deployment))

    def _config(self, request: Request) -> Response:
        kind, document = _DOCUMENTS.get(request.query.get("type", ""), ("", None))
        if document is None:
            self._note("wire-unknown", f"{request.method} {request.target}")
            return Response(status=404)
        self._note(kind, f"for {request.agent}")
        return _xml(document(self._deployment))

    def _certificates(self, request: Request) -> Response:
        """Sealed with the key of whoever asks: the machine's transport certificate."""
        transport = request.headers.get("x-ms-guest-agent-public-x509-cert", "")
        cipher = request.headers.get("x-ms-cipher-name", "")
        try:
            sealed = self._vault.seal(transport, cipher)
        except BadCertificateError as error:
            self._note("certificates-refused", str(error))
            return Response(status=400)
        self._note("certificates", f"for {request.agent}")
        return _xml(goal_state.certificate_file(sealed))

    def _health(self, request: Request) -> Response:
        try:
            report = HealthReport.parse(request.body)
        except BadReportError as error:
            self._note("health-refused", f"{error} (from {request.agent})")
            return Response(status=400)
        kind = "health-ready" if report.state == "Ready" else "health-notready"
        if not report.is_about(self._deployment):
            kind = "health-refused"
        why = report.describe()
        self._note(kind, f"{why} (from {request.agent})" if why else f"from {request.agent}")
        return Response(status=400 if kind == "health-refused" else 200)

    def _role_properties(self, request: Request) -> Response:
        """The guest's host keys, by fingerprint."""
        self._note("role-properties", request.body[:1000].decode("utf-8", "replace"))
        return Response(status=202)

    def _telemetry(self, request: Request) -> Response:
        try:
            lines = parse_telemetry(request.body)
        except BadReportError as error:
            self._note("telemetry-refused", str(error))
            return Response(status=400)
        for line in lines:
            self._note("telemetry", line)
        return Response(status=200)
