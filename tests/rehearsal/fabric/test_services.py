"""Each service's answers, good and bad, over the wire."""

from __future__ import annotations

import base64
import json

import pytest

from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.fabric.instance import VERSIONS
from tests.rehearsal.fabric.stand_in import StandIn

WIRE = "http://168.63.129.16"
PLUGIN = f"{WIRE}:32526"
METADATA = "http://169.254.169.254/metadata"

HEALTH = """<?xml version="1.0"?><Health><GoalStateIncarnation>{incarnation}</GoalStateIncarnation>
<Container><ContainerId>{container}</ContainerId><RoleInstanceList><Role>
<InstanceId>{instance}</InstanceId><Health><State>{state}</State></Health>
</Role></RoleInstanceList></Container></Health>"""


def _last(fabric: Fabric) -> tuple[str, str]:
    event = list(fabric.events)[-1]
    return event.kind, event.detail


def _health(fabric: Fabric, **changed: str) -> str:
    deployment = fabric._deployment
    told = {
        "incarnation": "1",
        "container": deployment.container_id,
        "instance": deployment.instance_id,
        "state": "Ready",
    }
    return HEALTH.format(**{**told, **changed})


def test_a_health_report_counts_only_for_this_goal_state(fabric: Fabric, settled: StandIn) -> None:
    url = f"{WIRE}/machine?comp=health"
    assert settled.send("POST", url, _health(fabric))[0] == 200
    assert _last(fabric)[0] == "health-ready"
    for wrong in ({"incarnation": "2"}, {"container": "x"}, {"instance": "y"}):
        assert settled.send("POST", url, _health(fabric, **wrong))[0] == 400
        assert _last(fabric)[0] == "health-refused"


@pytest.mark.parametrize(
    "body",
    [
        "not xml",
        "<Health/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><Health>&b;</Health>',
        "<Health>" + "x" * (1 << 20) + "</Health>",
    ],
)
def test_a_bad_health_report_is_refused(fabric: Fabric, settled: StandIn, body: str) -> None:
    # A body of a megabyte is longer than an argument may be: it is made where it is sent.
    if len(body) > 1000:
        made = "'<Health>' + 'x' * (1 << 20) + '</Health>'"
        program = (
            "import urllib.request, urllib.error\n"
            f"try: urllib.request.urlopen('{WIRE}/machine?comp=health', ({made}).encode())\n"
            "except urllib.error.HTTPError as error: print(error.status)"
        )
        assert settled.python(program).output == "400\n"
    else:
        assert settled.send("POST", f"{WIRE}/machine?comp=health", body)[0] == 400

    assert _last(fabric)[0] == "health-refused"


def test_telemetry_is_read(fabric: Fabric, settled: StandIn) -> None:
    body = (
        '<?xml version="1.0"?><TelemetryData version="1.0"><Provider id="x"><Event id="1">'
        '<![CDATA[<Param Name="Operation" Value="Provision" T="mt:wstr" />'
        '<Param Name="OperationSuccess" Value="True" T="mt:bool" />'
        '<Param Name="Message" Value="done" T="mt:wstr" />]]></Event></Provider></TelemetryData>'
    )
    status, _ = settled.send("POST", f"{WIRE}/machine?comp=telemetrydata", body)

    assert status == 200
    assert _last(fabric) == ("telemetry", "Provision True done")


def test_certificates_need_a_certificate(fabric: Fabric, settled: StandIn) -> None:
    url = f"{WIRE}/machine/x/y?comp=certificates&incarnation=1"
    assert settled.get(url)[0] == 400
    assert settled.get(url, x_ms_guest_agent_public_x509_cert="TWFueQ==")[0] == 400
    assert _last(fabric)[0] == "certificates-refused"


@pytest.mark.parametrize(
    "path", ["/", "/machine?comp=none", "/elsewhere?comp=goalstate", "/machine?comp=config&type=x"]
)
def test_what_the_wire_server_has_not_is_noted(fabric: Fabric, settled: StandIn, path: str) -> None:
    assert settled.get(f"{WIRE}{path}")[0] == 404
    assert _last(fabric) == ("wire-unknown", f"GET {path}")


def test_the_host_plugin_takes_a_status(fabric: Fabric, settled: StandIn) -> None:
    status = {"aggregateStatus": {"guestAgentStatus": {"status": "Ready", "version": "2.7.3.0"}}}
    content = base64.b64encode(json.dumps(status).encode()).decode()
    body = json.dumps({"requestUri": "x", "headers": [], "content": content})

    assert settled.send("PUT", f"{PLUGIN}/status", body)[0] == 200
    assert _last(fabric) == ("hostgaplugin-status", '{"status": "Ready", "version": "2.7.3.0"}')


@pytest.mark.parametrize("body", ["", "[]", '{"content": "e30x"}', "[" * 9999])
def test_a_bad_status_is_refused(fabric: Fabric, settled: StandIn, body: str) -> None:
    assert settled.send("PUT", f"{PLUGIN}/status", body)[0] == 400
    assert _last(fabric)[0] == "hostgaplugin-status-refused"


def test_vm_settings_are_told_once(settled: StandIn) -> None:
    program = (
        "import urllib.request as r, urllib.error as e\n"
        f"first = r.urlopen('{PLUGIN}/vmSettings')\n"
        f"again = r.Request('{PLUGIN}/vmSettings', headers={{'If-None-Match': "
        "first.headers['ETag']})\n"
        "try: r.urlopen(again)\n"
        "except e.HTTPError as error: print(error.status)"
    )

    assert settled.python(program).output == "304\n"


def test_metadata_needs_its_header_and_no_proxy(fabric: Fabric, settled: StandIn) -> None:
    url = f"{METADATA}/instance?api-version=2021-08-01"
    status, body = settled.get(url)

    assert status == 400
    assert json.loads(body) == {"error": "Bad request. Required metadata header not specified"}
    assert settled.get(url, Metadata="true", X_Forwarded_For="1.2.3.4")[0] == 400
    assert _last(fabric)[1].startswith("GET /metadata/instance?api-version=2021-08-01 400 ")
    assert settled.get(url, Metadata="True")[0] == 200


def test_metadata_without_a_known_version_names_the_newest(settled: StandIn) -> None:
    for query in ("", "?api-version=2199-01-01"):
        status, body = settled.get(f"{METADATA}/instance{query}", Metadata="true")
        assert status == 400
        assert json.loads(body)["newest-versions"] == ["2023-07-01", "2021-12-13", "2021-11-15"]

    _, body = settled.get(f"{METADATA}/versions", Metadata="true")
    assert json.loads(body) == {"apiVersions": list(VERSIONS)}


@pytest.mark.parametrize("version", ["2017-04-02", "2018-02-01", "2019-06-01", "2021-08-01"])
def test_a_document_has_what_its_version_has(settled: StandIn, version: str) -> None:
    """The versions that cloud-init and the agent of any age ask for, and the first of all."""
    url = f"{METADATA}/instance?api-version={version}"
    compute = json.loads(settled.get(url, Metadata="true")[1])["compute"]

    assert compute["vmSize"] == "Standard_D2s_v3"
    assert ("resourceGroupName" in compute) == (version >= "2017-08-01")
    assert ("publicKeys" in compute) == (version >= "2018-04-02")
    assert ("storageProfile" in compute) == (version >= "2019-06-01")
    assert ("userData" in compute) == (version >= "2021-01-01")
    if version == "2021-08-01":
        assert base64.b64decode(compute["userData"]) == b"user \xff data"
        assert compute["customData"] == ""
        assert [disk["lun"] for disk in compute["storageProfile"]["dataDisks"]] == ["0", "1"]
        assert "encryptionAtHost" not in compute["securityProfile"]


def test_a_part_of_a_document_can_be_asked_for(fabric: Fabric, settled: StandIn) -> None:
    base = f"{METADATA}/instance/network/interface"
    query = "?api-version=2021-08-01&format=text"
    mac = settled.get(f"{base}/1/macAddress{query}", Metadata="true")

    assert mac == (200, fabric.macs[1].replace(":", "").upper())
    assert settled.get(f"{base}{query}", Metadata="true")[1] == "0\n1"
    for wrong in ("/7", "/x", "/0/macAddress/0/0", "/-9"):
        assert settled.get(f"{base}{wrong}{query}", Metadata="true")[0] == 404


def test_identity_is_refused_as_azure_refuses_it(settled: StandIn) -> None:
    url = f"{METADATA}/identity/oauth2/token?api-version=2018-02-01&resource=x"
    status, body = settled.get(url, Metadata="true")

    assert status == 400
    told = {"error": "invalid_request", "error_description": "Identity not found"}
    assert json.loads(body) == told


def test_nothing_is_scheduled(settled: StandIn) -> None:
    _, body = settled.get(f"{METADATA}/scheduledevents?api-version=2020-07-01", Metadata="true")

    assert json.loads(body) == {"DocumentIncarnation": 1, "Events": []}


def test_the_attested_document_is_signed(settled: StandIn) -> None:
    url = f"{METADATA}/attested/document?api-version=2021-08-01&nonce=1234567890"
    told = json.loads(settled.get(url, Metadata="true")[1])
    program = (
        "import subprocess, base64\n"
        f"data = base64.b64decode({told['signature']!r})\n"
        "print(subprocess.run(['openssl', 'cms', '-verify', '-noverify', '-inform', 'DER'],"
        " input=data, capture_output=True, check=True).stdout.decode())"
    )

    assert told["encoding"] == "pkcs7"
    assert json.loads(settled.python(program).output)["nonce"] == "1234567890"


def test_metadata_is_on_the_wire_servers_address_too(settled: StandIn) -> None:
    """The agent asks there when the other address does not answer."""
    url = f"{WIRE}/metadata/instance/compute?api-version=2018-02-01"

    assert settled.get(url, Metadata="true")[0] == 200


_RAW = """
import socket
with socket.create_connection(('168.63.129.16', 80), timeout=20) as s:
    s.sendall({request!r})
    print(s.recv(4096).split(b'\\r\\n')[0].decode())
"""


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /machine?comp=health HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        (b"POST /machine?comp=health HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "400"),
        (b"PUT /status HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "413"),
        (b"PUT /status HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", "414"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", "431"),
        (b"GET http://[/?comp=versions HTTP/1.1\r\n\r\n", "400"),
    ],
)
def test_a_hostile_request_is_refused_and_the_next_one_served(
    settled: StandIn, request_: bytes, status: str
) -> None:
    ran = settled.python(_RAW.format(request=request_))

    assert ran.status == 0, ran.output
    assert ran.output.split()[1] == status
    assert settled.get(f"{WIRE}/?comp=versions")[0] == 200


def test_many_connections_are_too_many(settled: StandIn) -> None:
    program = """
import select, socket, time
held = [socket.create_connection(('168.63.129.16', 80), timeout=20) for _ in range(70)]
deadline = time.monotonic() + 20
while len(closed := select.select(held, [], [], 1)[0]) < 6 and time.monotonic() < deadline:
    time.sleep(0.1)
print(len(closed))
"""
    assert settled.python(program).output == "6\n"
    assert settled.get(f"{WIRE}/?comp=versions")[0] == 200
