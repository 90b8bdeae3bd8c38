"""When a boot is given up, and for which reason, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bootworthy.model.intent import Generation
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.outcome import Trouble
from bootworthy.rehearsal.watch import Watch

READY = FabricEvent(30.0, "wire", "health-ready", "from Cloud-Init")
LEASE = FabricEvent(20.0, "dhcp", "dhcp-ack", "nic 0: 10.0.0.4")


@dataclass
class _World:
    """What a machine says at which second; ``pause`` turns the clock."""

    says: dict[float, str] = field(default_factory=dict)
    events: tuple[FabricEvent, ...] = ()
    off_at: float = 1e9
    log_in: Callable[[float], str | None] = lambda _now: None
    now: float = 0.0
    console: Console = field(default_factory=Console)

    def pause(self, seconds: float) -> None:
        self.now += seconds
        for at in sorted(at for at in self.says if at <= self.now):
            self.console.feed(self.says.pop(at).encode(), at)

    def watch(self, generation: Generation = Generation.BIOS) -> float | Trouble:
        return Watch(
            console=self.console,
            events=lambda: tuple(event for event in self.events if event.at <= self.now),
            seconds=lambda: self.now,
            alive=lambda: self.now < self.off_at,
            log_in=lambda: self.log_in(self.now),
            generation=generation,
            pause=self.pause,
        ).until_login()


def _trouble(world: _World) -> Trouble:
    came = world.watch()
    assert isinstance(came, Trouble)
    return came


def test_ready_and_a_login_end_the_watch() -> None:
    world = _World(events=(READY,), log_in=lambda now: "" if now > 45 else None)

    assert 45 < float(str(world.watch())) < 50


def test_nobody_logs_in_before_ready() -> None:
    tried: list[float] = []

    def _log_in(now: float) -> str:
        tried.append(now)
        return ""

    _World(events=(READY,), log_in=_log_in).watch()

    assert tried[0] >= READY.at


def test_a_sign_of_the_end_ends_at_once_and_what_explains_it_comes_first() -> None:
    world = _World(
        says={
            10: "Linux version 6.1\n[ TIME ] Timed out waiting for device dev-disk-6f.\n",
            12: "You are in emergency mode. After logging in\n",
        },
        events=(READY,),
    )
    trouble = _trouble(world)

    assert world.now < 20
    assert trouble.codes[0] == "PART-12"
    assert trouble.saw.startswith("[ TIME ] Timed out")
    assert "emergency mode" in trouble.saw


def test_silence_of_a_machine_that_never_spoke_points_at_its_console() -> None:
    world = _World()
    trouble = _trouble(world)

    assert 150 < world.now < 160
    assert trouble.codes[0] == "CMD-02"
    assert trouble.fallback == "BT-08"


def test_a_prompt_without_ready_is_not_provisioned_after_a_minute() -> None:
    world = _World(says={80: "Linux version 6.1\nlocalhost login: "}, events=(LEASE,))
    trouble = _trouble(world)

    assert 140 < world.now < 150
    assert trouble.fallback == "BT-09"
    assert {"CI-02", "CI-03", "CMD-18"} <= set(trouble.codes)
    assert "NET-03" not in trouble.codes


def test_a_machine_that_talks_is_not_silent() -> None:
    world = _World(says={float(at): "still here\n" for at in range(0, 400, 50)})
    _trouble(world)

    assert world.now > 450


def test_a_key_that_stays_refused_is_a_refused_login() -> None:
    world = _World(events=(READY,), log_in=lambda _now: "Permission denied (publickey)")
    trouble = _trouble(world)

    assert 180 < world.now < 190
    assert (trouble.where, trouble.fallback) == ("ssh", "BT-10")
    assert "Permission denied" in trouble.saw


def test_an_ssh_server_that_goes_down_with_the_machine_refuses_nobody() -> None:
    def _log_in(now: float) -> str | None:
        if now < READY.at + 5:
            return "kex_exchange_identification: Connection closed by remote host"
        return "" if now > 300 else None

    says = {float(at): f"[ OK ] {at}\n" for at in range(0, 300, 30)}
    came = _World(says=says, events=(READY,), log_in=_log_in).watch()

    assert isinstance(came, float)


def test_a_key_that_is_refused_after_the_boot_is_not_tried_for_a_minute() -> None:
    said = {40.0: "Cloud-init v. 22.4.2 finished at Wed. Datasource DataSourceAzure.  Up 35\n"}
    world = _World(
        says=said, events=(READY,), log_in=lambda now: "Permission denied" if now > 35 else None
    )
    trouble = _trouble(world)

    assert trouble.at is not None
    assert 60 < trouble.at < 65
    assert "CI-07" in trouble.codes


def test_a_machine_that_goes_off_ends_the_watch() -> None:
    trouble = _trouble(_World(says={1: "Linux version 6.1\n"}, off_at=5))

    assert "switched itself off" in trouble.saw


def test_a_machine_that_is_up_and_does_not_answer_is_given_up_whatever_it_says() -> None:
    said = {float(at): "Daemon Failed to send DHCP request\n" for at in range(40, 400, 10)}
    said |= {35.0: "Cloud-init v. 22.4.2 finished at Wed. Datasource DataSourceAzure.  Up 35\n"}
    trouble = _trouble(_World(says=said, events=(LEASE, READY)))

    assert trouble.at is not None
    assert 125 < trouble.at < 130
    assert {"SEC-01", "NET-01"} <= set(trouble.codes)
    assert trouble.fallback == "BT-10"


def test_an_agent_that_waits_for_what_never_comes_is_not_waited_for() -> None:
    said = {
        float(at): "INFO Daemon Waiting for cloud-init to copy ovf-env.xml\n"
        for at in range(60, 900, 20)
    }
    said[50.0] = "Linux version 6.1\nlocalhost login: "
    trouble = _trouble(_World(says=said, events=(LEASE,)))

    assert trouble.at is not None
    assert 135 < trouble.at < 140
    assert trouble.codes[0] == "AGT-09"
    assert {"CI-02", "CI-03"} <= set(trouble.codes)


def test_an_agent_that_is_past_provisioning_reports_ready_no_more() -> None:
    status = FabricEvent(90.0, "host-plugin", "hostgaplugin-status", "{}")
    polls = tuple(FabricEvent(float(at), "wire", "goalstate", "") for at in range(70, 900, 6))
    said = {50.0: "Linux version 6.1\nlocalhost login: "}
    trouble = _trouble(_World(says=said, events=(LEASE, *polls, status)))

    assert trouble.at is not None
    assert 90 <= trouble.at < 95
    assert "AGT-19" in trouble.codes


def test_an_address_that_nobody_gave_is_why_nobody_answers() -> None:
    astray = FabricEvent(40.0, "network", "foreign-address", "nic 0: 192.168.7.20")
    trouble = _trouble(_World(events=(LEASE, READY, astray)))

    assert trouble.at is not None
    assert 70 < trouble.at < 75
    assert (trouble.codes[0], trouble.where) == ("NET-01", "fabric")
    assert "192.168.7.20" in trouble.saw


def test_a_foreign_address_beside_a_login_is_nobodys_concern() -> None:
    bridge = FabricEvent(31.0, "network", "foreign-address", "nic 0: 172.17.0.1")
    world = _World(events=(READY, bridge), log_in=lambda now: "" if now > 45 else None)

    assert isinstance(world.watch(), float)


def test_a_failure_that_the_guest_reports() -> None:
    told = "ProvisioningFailed: Failed to mount dvd device"
    trouble = _trouble(_World(events=(FabricEvent(9.0, "wire", "health-notready", told),)))

    assert trouble.saw == told
    assert "KERN-04" in trouble.codes
