"""The operations of Azure Resource Manager that bootworthy uses, for loopback.

Built from Microsoft's published REST specifications (azure-rest-api-specs, resource-manager/
Microsoft.Compute: DiskRP disk.json, ComputeRP image.json, GalleryRP gallery.json): every request
and every status is held against the facts of them in arm_specification.json; long-running ones
answer 201 or 202 with Azure-AsyncOperation, and errors are CloudError.
Names in paths are matched without regard to case, as Azure does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.azure.arm_specification import operation, problem_of_request

Answer = tuple[int, Any, dict[str, str]]

_MIB = 1 << 20
_SMALLEST, _LARGEST = 20_972_032, 35_183_298_347_520


@dataclass
class Arm:
    """What there is, what was asked, and what to answer first.

    ``polls`` is how often an operation says that it is not done. ``fail`` names operations that
    end in failure. ``sas`` makes the address a disk is written at, and is told its size.
    """

    sas: Callable[[str, int], str] = lambda _path, _size: "http://127.0.0.1:1/a/b/c?sig=s3cr3t"
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[tuple[str, str, Any]] = field(default_factory=list)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    polls: int = 2
    fail: dict[str, str] = field(default_factory=dict)
    faults: Callable[[str, str], Answer | None] = lambda _method, _path: None
    port: int = 0

    @property
    def url(self) -> str:
        """Where the service is."""
        return f"http://127.0.0.1:{self.port}"

    def calls(self) -> list[tuple[str, str]]:
        """Methods and last parts of paths, polling left out."""
        return [
            (method, path.rpartition("/")[2])
            for method, path, _ in self.log
            if "/operations/" not in path
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def arm(self) -> Arm:
        return self.server.arm  # type: ignore[attr-defined, no-any-return]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        path = urlsplit(self.path).path.lower()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        self.arm.log.append((self.command, path, body))
        answer = self.arm.faults(self.command, path)
        if answer is None and "api-version=" not in self.path:
            answer = error(400, "MissingApiVersionParameter")
        if answer is None and not self.headers.get("Authorization", "").startswith("Bearer "):
            answer = error(401, "AuthenticationFailed")
        self._send(answer or self._specified(path, body))

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _handle  # noqa: N815 - http.server's names

    def _specified(self, path: str, body: Any) -> Answer:  # noqa: ANN401 - JSON
        """Ask and answer as the specifications have it, or say what is not."""
        if "/operations/" in path:
            return self._operation(path)
        problem = problem_of_request(self.command, path, body)
        if problem:
            return error(400, "InvalidRequestContent", problem)
        answer = self._answer(path, body)
        known = operation(self.command, path)
        allowed = known.statuses if known else ()
        if answer[0] < 400 and answer[0] not in allowed:
            return error(500, "NotSpecified", f"{answer[0]} is none of {allowed}")
        return answer

    def _answer(self, path: str, body: Any) -> Answer:  # noqa: ANN401 - JSON
        if self.command == "PUT":
            return self._make(path, body)
        name = path.removesuffix("/begingetaccess").removesuffix("/endgetaccess")
        found = self.arm.resources.get(name)
        if found is None:
            return error(404, "ResourceNotFound")
        if self.command == "POST":
            return self._access(path, found, body)
        if self.command == "PATCH":
            found.update(body)
            return self._begin(path, found)
        if self.command == "DELETE":
            del self.arm.resources[path]
            return self._begin(path, None)
        return 200, found, {}

    def _make(self, path: str, body: dict[str, Any]) -> Answer:
        kind = path.split("/")[-2]
        if kind == "images" and "/galleries/" in path:
            kind = "definitions"
        problem = _CHECKS[kind](self.arm, path, body)
        if problem:
            return error(400, "InvalidParameter", problem)
        properties = dict(body.get("properties", {}), provisioningState="Succeeded")
        if kind == "disks":
            properties["diskState"] = "ReadyToUpload"
        resource = dict(body, id=path, name=path.rpartition("/")[2], properties=properties)
        if path.rpartition("/")[2] not in self.arm.fail:
            self.arm.resources[path] = resource
        return self._begin(path, resource, status=202 if kind == "disks" else 201)

    def _access(self, path: str, disk: dict[str, Any], body: Any) -> Answer:  # noqa: ANN401
        properties = disk["properties"]
        if path.endswith("/endgetaccess"):
            properties["diskState"] = "Unattached"
            return self._begin(path, None)
        if properties["diskState"] not in ("ReadyToUpload", "ActiveUpload"):
            return error(409, "OperationNotAllowed", "the disk is not waiting for an upload")
        if body != {"access": "Write", "durationInSeconds": 86400}:
            return error(400, "InvalidParameter", f"access {body}")
        properties["diskState"] = "ActiveUpload"
        size = properties["creationData"]["uploadSizeBytes"]
        return self._begin(path, {"accessSAS": self.arm.sas(path, size)})

    def _begin(self, path: str, output: Any, status: int = 202) -> Answer:  # noqa: ANN401 - JSON
        number = str(len(self.arm.operations))
        name = path.rpartition("/")[2]
        state = {"left": self.arm.polls, "output": output, "error": self.arm.fail.get(name)}
        self.arm.operations[number] = state
        where = f"{self.arm.url}/operations/{number}"
        headers = {
            "Azure-AsyncOperation": f"{where}?api-version=1",
            "Location": f"{where}/result?api-version=1",
            "Retry-After": "0",
        }
        return status, output if status == 201 else None, headers

    def _operation(self, path: str) -> Answer:
        state = self.arm.operations[path.split("/")[2]]
        if path.endswith("/result"):
            return 200, state["output"], {}
        if state["left"] > 0:
            state["left"] -= 1
            return 200, {"status": "InProgress"}, {"Retry-After": "0"}
        if state["error"]:
            failure = {"code": state["error"], "message": f"it failed: {state['error']}"}
            return 200, {"status": "Failed", "error": failure}, {}
        return 200, {"status": "Succeeded", "properties": {"output": state["output"]}}, {}

    def _send(self, answer: Answer) -> None:
        status, body, headers = answer
        raw = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def error(status: int, code: str, message: str = "", **headers: str) -> Answer:
    """A CloudError."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"error": {"code": code, "message": message or code}}, named


def _check_disk(_arm: Arm, _path: str, body: dict[str, Any]) -> str:
    properties = body.get("properties", {})
    creation = properties.get("creationData", {})
    size = creation.get("uploadSizeBytes", 0)
    if not body.get("location"):
        return "location is required"
    if creation.get("createOption") != "Upload" or properties.get("osType") != "Linux":
        return "createOption or osType"
    if properties.get("hyperVGeneration") not in ("V1", "V2"):
        return "hyperVGeneration"
    if not _SMALLEST <= size <= _LARGEST or (size - 512) % _MIB:
        return f"uploadSizeBytes {size}"
    architecture = properties.get("supportedCapabilities", {}).get("architecture", "x64")
    return "" if architecture in ("x64", "Arm64") else "architecture"


def _check_image(arm: Arm, _path: str, body: dict[str, Any]) -> str:
    disk = body.get("properties", {}).get("storageProfile", {}).get("osDisk", {})
    if not body.get("location") or disk.get("osType") != "Linux":
        return "location or osType"
    if disk.get("osState") not in ("Generalized", "Specialized"):
        return "osState"
    return _check_source(arm, disk.get("managedDisk", {}).get("id", ""))


def _check_source(arm: Arm, identifier: str) -> str:
    source = arm.resources.get(identifier.lower())
    if source is None:
        return f"there is no disk {identifier}"
    state = source["properties"]["diskState"]
    return "" if state == "Unattached" else f"the disk is {state}: its upload was not ended"


def _check_gallery(_arm: Arm, _path: str, body: dict[str, Any]) -> str:
    return "" if body.get("location") else "location is required"


def _check_definition(arm: Arm, path: str, body: dict[str, Any]) -> str:
    properties = body.get("properties", {})
    if path.rsplit("/", 2)[0] not in arm.resources:
        return "there is no such gallery"
    required = ("osType", "osState", "identifier")
    missing = [name for name in required if not properties.get(name)]
    if missing or set(properties["identifier"]) != {"publisher", "offer", "sku"}:
        return f"missing {missing or 'publisher, offer and sku'}"
    known = {"SecurityType", "DiskControllerTypes", "IsAcceleratedNetworkSupported"}
    odd = {item["name"] for item in properties.get("features", [])} - known
    return f"features {odd}" if odd else ""


def _check_version(arm: Arm, path: str, body: dict[str, Any]) -> str:
    if path.rsplit("/", 2)[0] not in arm.resources:
        return "there is no such image definition"
    storage = body.get("properties", {}).get("storageProfile", {})
    regions = body.get("properties", {}).get("publishingProfile", {}).get("targetRegions", [])
    if not body.get("location") or not all(item.get("name") for item in regions):
        return "location or targetRegions"
    return _check_source(arm, storage.get("osDiskImage", {}).get("source", {}).get("id", ""))


_CHECKS: dict[str, Callable[[Arm, str, dict[str, Any]], str]] = {
    "disks": _check_disk,
    "images": _check_image,
    "galleries": _check_gallery,
    "definitions": _check_definition,
    "versions": _check_version,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, arm: Arm) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arm = arm
        arm.port = self.server_address[1]


@contextmanager
def arm_serving(arm: Arm | None = None) -> Iterator[Arm]:
    """The service on a port of loopback."""
    arm = arm or Arm()
    with _Server(arm) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield arm
        finally:
            server.shutdown()
            thread.join()
