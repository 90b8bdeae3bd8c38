"""Messages of the guest, byte by byte, good and hostile."""

from __future__ import annotations

import socket
import struct
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.rehearsal.fabric.addresses import make_nics
from bootworthy.rehearsal.fabric.clock import Clock
from bootworthy.rehearsal.fabric.dhcp import DhcpServer
from bootworthy.rehearsal.fabric.dns import Resolver
from bootworthy.rehearsal.fabric.events import EventLog
from bootworthy.rehearsal.fabric.frames import FrameWatch

FIRST, SECOND = make_nics("some machine", 2)


def _log() -> EventLog:
    return EventLog(Clock())


def _dhcp(kind: int, *options: tuple[int, bytes], current: str = "0.0.0.0") -> bytes:  # noqa: S104
    fixed = struct.pack("!4B", 1, 1, 6, 0) + b"\1\2\3\4" + bytes(4) + socket.inet_aton(current)
    fixed = fixed.ljust(28, b"\0") + bytes.fromhex("000d3a010203")
    packed = b"".join(bytes((n, len(v))) + v for n, v in ((53, bytes((kind,))), *options))
    return fixed.ljust(236, b"\0") + b"\x63\x82\x53\x63" + packed + b"\xff"


def _options(reply: bytes) -> dict[int, bytes]:
    found, at = {}, 240
    while reply[at] != 255:
        found[reply[at]] = reply[at + 2 : at + 2 + reply[at + 1]]
        at += 2 + reply[at + 1]
    return found


def test_a_lease_of_another_network_is_refused() -> None:
    events = _log()
    wish = (50, socket.inet_aton("192.168.1.5"))
    reply = DhcpServer(FIRST, events).reply_to(_dhcp(3, wish))

    assert reply is not None
    assert _options(reply) == {53: b"\6", 54: socket.inet_aton("168.63.129.16")}
    assert reply[16:20] == bytes(4)
    assert [event.kind for event in events] == ["dhcp-request", "dhcp-nak"]
    assert list(events)[1].detail == "nic 0: 192.168.1.5"


def test_a_lease_is_renewed() -> None:
    reply = DhcpServer(FIRST, _log()).reply_to(_dhcp(3, current="10.0.0.4"))

    assert reply is not None
    assert _options(reply)[53] == b"\5"


def test_only_the_first_interface_gets_a_way_out() -> None:
    reply = DhcpServer(SECOND, _log()).reply_to(_dhcp(1))

    assert reply is not None
    assert reply[16:20] == socket.inet_aton("10.0.1.4")
    assert not {3, 121, 249} & set(_options(reply))


def test_who_asks_for_options_alone_gets_no_lease() -> None:
    reply = DhcpServer(FIRST, _log()).reply_to(_dhcp(8, current="10.0.0.4"))

    assert reply is not None
    assert reply[16:20] == bytes(4)
    assert 245 in _options(reply)
    assert not {51, 58, 59} & set(_options(reply))


def test_a_release_is_not_answered() -> None:
    events = _log()

    assert DhcpServer(FIRST, events).reply_to(_dhcp(7)) is None
    assert [event.kind for event in events] == ["dhcp-release"]


@given(st.binary(max_size=400))
def test_no_datagram_breaks_a_server(data: bytes) -> None:
    events = _log()
    DhcpServer(FIRST, events).reply_to(data)
    DhcpServer(FIRST, events).reply_to(_dhcp(1)[:240] + data)
    Resolver("vm", FIRST, events).reply_to(data)
    Resolver("vm", FIRST, events).reply_to(struct.pack("!6H", 1, 0, 1, 0, 0, 0) + data)
    FrameWatch(FIRST, events).see(data)
    for kind in (0x0800, 0x0806, 0x86DD):
        FrameWatch(FIRST, events).see(bytes(12) + struct.pack("!H", kind) + data)


def _query(name: str, kind: int) -> bytes:
    labels = b"".join(bytes((len(each),)) + each.encode() for each in name.split("."))
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


@pytest.mark.parametrize(
    ("name", "kind", "status", "answers"),
    [
        ("vm", 1, 0, 1),
        ("VM.rehearsal.ax.internal.cloudapp.net", 1, 0, 1),
        ("vm", 28, 0, 0),
        ("4.0.0.10.in-addr.arpa", 12, 0, 1),
        ("example.com", 1, 3, 0),
        ("other.rehearsal.ax.internal.cloudapp.net", 1, 3, 0),
    ],
)
def test_a_name_is_answered(name: str, kind: int, status: int, answers: int) -> None:
    events = _log()
    reply = Resolver("vm", FIRST, events).reply_to(_query(name, kind))

    assert reply is not None
    number, flags, _, count, _, _ = struct.unpack_from("!6H", reply)
    assert (number, flags & 0x8000, flags & 15, count) == (7, 0x8000, status, answers)
    outside = [event.detail for event in events]
    assert outside == (["example.com (name, A)"] if name == "example.com" else [])


def test_a_port_scan_does_not_fill_the_log() -> None:
    events = _log()
    watch = FrameWatch(FIRST, events)
    header = bytes(12) + b"\x08\x00\x45" + bytes(8) + b"\x11\0\0" + bytes((10, 0, 0, 4, 8, 8, 8, 8))
    for port in range(3000):
        watch.see(header + struct.pack("!HHHH", 1, port, 8, 0))

    assert 400 < len(events) <= 500


def test_a_wild_guest_does_not_fill_the_memory() -> None:
    events = _log()
    for _ in range(20_100):
        events.add("wire", "goalstate", "x" * 5000)

    assert len(events) == 20_000
    assert list(events)[-1].kind == "events-dropped"
    assert len(next(iter(events)).detail) == 2000


def test_control_characters_do_not_reach_the_terminal() -> None:
    events = _log()
    events.add("wire", "health-notready", "\x1b[2Jgone\nand é")

    assert next(iter(events)).detail == " [2Jgone and é"


def test_an_event_to_come_is_waited_for() -> None:
    events = _log()
    timer = threading.Timer(0.1, events.add, ("wire", "health-ready"))
    timer.start()
    seen = events.wait_for(lambda event: event.kind == "health-ready", 30)
    timer.join()

    assert seen is not None
    assert events.wait_for(lambda event: event.kind == "never", 0.01) is None
    assert events.wait_for(lambda event: event.kind == "health-ready", 0) == seen
    assert list(events.since(1)) == []


def test_events_are_copied_to_a_file_until_the_end(tmp_path: Path) -> None:
    events = _log()
    path = tmp_path / "log"
    with events.copy_to(path.open("w", encoding="utf-8")):
        events.add("wire", "goalstate", "é")
    events.add("wire", "goalstate", "later")

    assert [line.count("é") for line in path.read_text(encoding="utf-8").splitlines()] == [1]


def test_a_full_disk_costs_the_copy_alone() -> None:
    events = _log()
    with events.copy_to(Path("/dev/full").open("w", encoding="utf-8")):
        events.add("wire", "goalstate")
        events.add("wire", "goalstate")

    assert len(events) == 2


def test_a_clock_starts_again_at_power_on() -> None:
    clock = Clock()
    time.sleep(0.05)
    before = clock()
    clock.restart()

    assert clock() < before
