"""What real clients see of the network: addresses, names, and no way out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootworthy.model.errors import HostError
from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.fabric.addresses import make_nics
from bootworthy.rehearsal.fabric.enclave import Enclave
from bootworthy.rehearsal.scenario import Scenario
from tests.rehearsal.fabric.stand_in import ROOT, StandIn, stand_in

ROUTES = "0.0.0.0/0 10.0.0.1 168.63.129.16/32 10.0.0.1 169.254.169.254/32 10.0.0.1"


def _kinds(fabric: Fabric) -> list[str]:
    return [event.kind for event in fabric.events]


def _outside(fabric: Fabric) -> list[str]:
    return [event.detail for event in fabric.events if event.kind == "outside-attempt"]


def test_a_dhcp_client_gets_azures_address_and_options(fabric: Fabric, guest: StandIn) -> None:
    lease = guest.lease()

    assert (lease["ip"], lease["mask"], lease["router"]) == ("10.0.0.4", "24", "10.0.0.1")
    assert (lease["serverid"], lease["dns"]) == ("168.63.129.16", "168.63.129.16")
    assert lease["opt245"] == "a83f8110"
    assert lease["staticroutes"] == ROUTES
    assert lease["msstaticroutes"] == ROUTES
    assert lease["lease"] == "4294967295"
    wanted = ["dhcp-discover", "dhcp-offer", "dhcp-request", "dhcp-ack"]
    assert [kind for kind in _kinds(fabric) if kind.startswith("dhcp")] == wanted


def test_the_gateway_has_azures_mac(settled: StandIn) -> None:
    settled.run("busybox", "ping", "-c", "1", "-W", "2", "10.0.0.1")
    neighbours = settled.run("ip", "neighbour", "show", "10.0.0.1").output

    assert "12:34:56:78:9a:bc" in neighbours


def test_names_inside_are_known_and_names_outside_are_noted(
    fabric: Fabric, settled: StandIn
) -> None:
    name = "tester-vm.rehearsal.ax.internal.cloudapp.net"
    inside = settled.run("busybox", "nslookup", name, "168.63.129.16")
    reverse = settled.run("busybox", "nslookup", "10.0.0.4", "168.63.129.16")
    outside = settled.run("busybox", "nslookup", "deb.debian.org", "168.63.129.16")

    assert "10.0.0.4" in inside.output
    assert name in reverse.output
    assert "NXDOMAIN" in outside.output
    assert [place for place in _outside(fabric) if "debian" in place] == [
        "deb.debian.org (name, A)"
    ]


def test_calls_outside_fail_at_once_and_are_noted(fabric: Fabric, settled: StandIn) -> None:
    script = (
        "import socket\n"
        "for port in (443, 443, 80):\n"
        "    try: socket.create_connection(('203.0.113.9', port), timeout=20)\n"
        "    except ConnectionRefusedError: print('refused')\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.sendto(b'x' * 48, ('198.51.100.1', 123))\n"
    )
    ran = settled.python(script)
    fabric.events.wait_for(lambda event: "198.51.100.1" in event.detail, 20)

    assert ran.output.split() == ["refused"] * 3
    assert _outside(fabric) == [
        "203.0.113.9:443 (tcp)",
        "203.0.113.9:80 (tcp)",
        "198.51.100.1:123 (udp)",
    ]


def test_an_address_that_dhcp_did_not_give_is_noted(fabric: Fabric, guest: StandIn) -> None:
    guest.run("ip", "address", "add", "192.168.7.9/24", "dev", "tap0")
    guest.run("busybox", "ping", "-c", "1", "-W", "1", "192.168.7.1")
    seen = fabric.events.wait_for(lambda event: event.kind == "foreign-address", 20)

    assert seen is not None
    assert seen.detail == "nic 0: 192.168.7.9"


def test_a_port_of_the_guest_can_be_reached(fabric: Fabric, settled: StandIn) -> None:
    server = (
        "import socket; s = socket.create_server(('0.0.0.0', 22)); s.settimeout(30);"
        "c, _ = s.accept(); c.sendall(b'SSH-2.0-test\\r\\n'); print(c.recv(99))"
    )
    ran: list[str] = []
    thread = threading.Thread(target=lambda: ran.append(settled.python(server).output))
    thread.start()
    with _connected(fabric) as guest:
        banner = guest.recv(100)
        guest.sendall(b"hello")
    thread.join()

    assert banner == b"SSH-2.0-test\r\n"
    assert ran == ["b'hello'\n"]


@contextmanager
def _connected(fabric: Fabric) -> Iterator[socket.socket]:
    deadline = time.monotonic() + 30
    while True:
        try:
            with fabric.connect_guest(22, 5) as made:
                yield made
                return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.usefixtures("settled")
def test_a_port_nobody_listens_on_refuses(fabric: Fabric) -> None:
    with pytest.raises(ConnectionRefusedError):
        fabric.connect_guest(22, 10)


def test_a_guest_that_is_not_there_cannot_be_reached(fabric: Fabric) -> None:
    with pytest.raises(OSError):
        fabric.connect_guest(22, 1)


def test_nothing_of_it_is_seen_on_the_hosts_interfaces(scenario: Scenario, tmp_path: Path) -> None:
    """The whole life of a fabric, from making it to its end, while everything is captured."""
    with _capture() as frames:
        with Fabric(scenario, tmp_path) as fabric, stand_in(fabric, tmp_path) as guest:
            guest.lease()
            assert guest.get("http://168.63.129.16/?comp=versions")[0] == 200
            guest.run("busybox", "nslookup", "deb.debian.org", "168.63.129.16")
            guest.run("busybox", "ping", "-c", "1", "-W", "1", "203.0.113.9")
            assert "deb.debian.org (name, A)" in _outside(fabric)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"a capture that works sees this", ("127.0.0.1", 9))
        deadline = time.monotonic() + 20
        while not any(b"a capture that works" in frame for frame in frames):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    of_the_fabric = {
        socket.inet_aton(address)
        for address in ("168.63.129.16", "169.254.169.254", "10.0.0.4", "10.0.0.1", "203.0.113.9")
    }
    leaked = [frame for frame in frames if any(ip in frame[14:60] for ip in of_the_fabric)]
    assert leaked == []
    assert not any(bytes.fromhex("000d3a") in frame[:12] for frame in frames)
    assert not any(b"deb\x06debian" in frame for frame in frames)


@contextmanager
def _capture() -> Iterator[list[bytes]]:
    """Every frame on every interface of the host, until the block ends."""
    if os.geteuid():
        pytest.skip("NOT TESTED: a packet capture of the host needs root")
    frames: list[bytes] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as raw:
        raw.settimeout(0.1)
        stop = threading.Event()

        def _listen() -> None:
            while not stop.is_set():
                try:
                    frames.append(raw.recv(2048))
                except TimeoutError:
                    continue

        listener = threading.Thread(target=_listen)
        listener.start()
        try:
            yield frames
        finally:
            stop.set()
            listener.join()


_VICTIM = """
import pathlib, sys, time
from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.scenario import Scenario
with Fabric(Scenario(), pathlib.Path(sys.argv[1])) as fabric:
    print(fabric.pid, flush=True)
    time.sleep(600)
"""


def test_nothing_is_left_of_a_fabric_whose_process_is_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _VICTIM, str(tmp_path)]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ) as victim:
        assert victim.stdout is not None
        inside = int(victim.stdout.readline())
        network = str(Path(f"/proc/{inside}/ns/net").readlink())
        assert network != str(Path("/proc/self/ns/net").readlink())
        victim.send_signal(signal.SIGKILL)
        victim.wait()

    deadline = time.monotonic() + 20
    while network in _networks():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _networks() -> set[str]:
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.add(str((process / "ns/net").readlink()))
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("refused", "hint"),
    [("iproute2", "install iproute2"), ("tap", "modprobe tun"), ("namespace", "userns")],
)
def test_a_host_that_does_not_allow_it_is_told_what_to_do(refused: str, hint: str) -> None:
    child = f"""
import sys
from bootworthy.rehearsal.fabric import enclave_child as child
def refuse(*_):
    raise child._RefusedError({refused!r}, "not here")
child._make_tap = refuse
sys.exit(child.main(sys.argv[1:]))
"""
    enclave = Enclave(make_nics("x", 1), command=(sys.executable, "-c", child))
    with pytest.raises(HostError) as caught, enclave:
        pass

    assert caught.value.code == "no-namespace"
    assert "not here" in caught.value.message
    assert hint in caught.value.hint


def test_a_child_that_dies_is_a_clear_error() -> None:
    with pytest.raises(HostError, match="it died"), Enclave(make_nics("x", 1), command=("true",)):
        pass


def test_it_needs_no_privilege() -> None:
    """As nobody: a user namespace gives what is needed."""
    if os.geteuid():
        pytest.skip("NOT TESTED here: everything else in this file runs without root already")
    program = (
        "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "from bootworthy.rehearsal.fabric.addresses import make_nics\n"
        "from bootworthy.rehearsal.fabric.enclave import Enclave\n"
        "with Enclave(make_nics('x', 1)) as enclave: print(sorted(enclave.fds))\n"
    )
    paths = f"{ROOT / 'src'}:{':'.join(path for path in sys.path if path)}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
        cwd="/",
    )

    if "PermissionError" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("NOT TESTED: nobody may not read this checkout")
    assert "'tap0', 'wire'" in done.stdout, done.stderr
