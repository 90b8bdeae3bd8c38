"""What the guest's answers over SSH prove: one milestone each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bootworthy.model.rehearsal import Milestone, MilestoneState
from bootworthy.rehearsal import hardware
from bootworthy.rehearsal.candidate import Candidate
from bootworthy.rehearsal.evidence import one_line
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.outcome import Outcome, Trouble
from bootworthy.rehearsal.questions import WORD
from bootworthy.rehearsal.scenario import Scenario
from bootworthy.rehearsal.watch import AGENT_STATUS

_REACHED, _MISSED = MilestoneState.REACHED, MilestoneState.MISSED
_NOT_ASKED = MilestoneState.NOT_ASKED

# A partition that grew ends within GPT's backup and one alignment of the disk's end, in sectors;
# a file system loses some of its partition to its own tables.
_MOST_GAP = 8192
_LEAST_SHARE = 0.85

# The rule, or the diagnosis, that explains a milestone that the guest's answers miss. Why a second
# boot failed is watched, as with the first.
_CODES = {
    "sudo": ((), "BT-21"),
    "host-keys": (("SEC-02",), ""),
    "machine-id": (("CLEAN-08",), ""),
    "root-grown": (("PART-16",), ""),
    "swap": (("SWAP-01", "SWAP-02", "SWAP-05", "SWAP-03"), ""),
    "resource-disk": (("SWAP-05",), ""),
    "provisioning-media": (("KERN-04", "KERN-06", "KERN-07"), "BT-25"),
    "agent": (("AGT-06", "AGT-07", "AGT-05", "AGT-11"), "BT-26"),
    "custom-data": (("CI-07", "CI-09", "KERN-04"), "BT-22"),
    "clock-source": ((), "BT-23"),
    "units": ((), "BT-12"),
    "host-name": (("NET-22", "CI-07"), "BT-09"),
    "provisioned-once": (("AGT-19",), "BT-19"),
}


class Judge:
    """Makes milestones of the answers; ``own_data`` says that the rehearsal's custom data ran.

    ``events`` are the fabric's: the agent tells its story there.
    """

    def __init__(
        self,
        candidate: Candidate,
        scenario: Scenario,
        outcome: Outcome,
        events: Sequence[FabricEvent] = (),
        *,
        own_data: bool,
    ) -> None:
        self._events = events
        self._candidate = candidate
        self._scenario = scenario
        self._outcome = outcome
        self._answers: Mapping[str, str] = outcome.answers
        self._own_data = own_data

    def milestones(self) -> Iterator[Milestone]:
        """One for each question; not asked where the guest could not answer."""
        if not self._answers:
            return
        answers = self._answers
        yield self._media()
        yield self._same("user", "user created", "user", self._scenario.user_name)
        yield self._same("sudo", "sudo works without a password", "sudo", "0")
        yield self._same("host-name", "host name set", "host", self._scenario.host_name)
        yield self._host_keys()
        yield self._machine_id()
        yield self._root_grown()
        yield from hardware.milestones(self._scenario, self._outcome)
        yield self._resource_disk()
        yield self._swap()
        yield self._custom_data()
        yield self._agent()
        yield self._units()
        clock = answers.get("clock", "")
        yield self._made("clock-source", "a clock source is there", _state(bool(clock)), clock)
        yield from self._second_boot()

    def _second_boot(self) -> Iterator[Milestone]:
        titles = ("second boot comes to a login", "not provisioned again")
        outcome = self._outcome
        if not outcome.second_asked:
            for name, title in zip(("second-login", "provisioned-once"), titles, strict=True):
                yield self._made(name, title, _NOT_ASKED, "the machine was not restarted")
            return
        came, at = outcome.second_login is not None, outcome.second_login
        told = one_line(
            f"boot {outcome.second_answers.get('boot_id', '')}" if came else "it did not"
        )
        yield Milestone(
            name="second-login", title=titles[0], state=_state(came), at=at, evidence=told
        )
        before, after = self._answers, outcome.second_answers
        if not after:
            yield self._made("provisioned-once", titles[1], _NOT_ASKED, "no answer")
            return
        kept = ("machine_id", "instances", *(name for name in before if name.startswith("key:")))
        changed = [name for name in kept if before.get(name) != after.get(name)]
        told = f"changed: {', '.join(changed)}" if changed else "host keys and machine-id stayed"
        once = self._made("provisioned-once", titles[1], _state(not changed), told)
        yield replace(once, at=at)

    def _same(self, name: str, title: str, answer: str, wanted: str) -> Milestone:
        got = self._answers.get(answer, "")
        told = got if got == wanted else f"{got or 'nothing'} instead of {wanted}"
        return self._made(name, title, _state(got == wanted), told)

    def _host_keys(self) -> Milestone:
        keys = {value for name, value in self._answers.items() if name.startswith("key:")}
        old = keys & self._candidate.host_keys
        told = f"{len(old)} of the image's own" if old else f"{len(keys)} keys, none of the image's"
        return self._made("host-keys", "host keys are new", _state(bool(keys) and not old), told)

    def _machine_id(self) -> Milestone:
        got = self._answers.get("machine_id", "")
        new = bool(got) and got != self._candidate.machine_id
        return self._made("machine-id", "machine-id is new", _state(new), got or "none")

    def _root_grown(self) -> Milestone:
        title = "root file system grew with the disk"
        gap, sectors, size = (
            _number(self._answers.get(key, "")) for key in ("root_gap", "root_sectors", "root_size")
        )
        if gap is None or sectors is None or size is None:
            device = self._answers.get("root_device", "")
            return self._made(
                "root-grown", title, _NOT_ASKED, f"{device or '/'} is not on a plain partition"
            )
        grown = gap <= _MOST_GAP and size >= sectors * _LEAST_SHARE
        if not grown and not self._candidate.has_cloud_init:
            told = "the agent leaves it as it is; cloud-init would grow it"
            return self._made("root-grown", title, _NOT_ASKED, told)
        told = f"{size >> 11} MiB in a partition of {sectors >> 11} MiB, {gap >> 11} MiB behind it"
        return self._made("root-grown", title, _state(grown), told)

    def _resource_disk(self) -> Milestone:
        title = "temporary disk formatted and mounted"
        got = self._answers.get("resource", "")
        if got:
            return self._made("resource-disk", title, _REACHED, got)
        if self._candidate.agent_swap or not self._candidate.has_cloud_init:
            told = "the agent finds it on the VMBus alone, which QEMU does not have"
            return self._made("resource-disk", title, _NOT_ASKED, told)
        if self._answers.get("resource_name") == "":
            told = "its name comes from the VMBus; QEMU can give it from systemd 252 on"
            return self._made("resource-disk", title, _NOT_ASKED, told)
        return self._made("resource-disk", title, _MISSED, "not mounted")

    def _swap(self) -> Milestone:
        title = "swap on the temporary disk only"
        places = self._answers.get("swap", "").split()[::5]
        mount = self._answers.get("resource", "").split()[1:2]
        if elsewhere := [p for p in places if not mount or not p.startswith(f"{mount[0]}/")]:
            return self._made("swap", title, _MISSED, f"swap on {', '.join(elsewhere)}")
        if places:
            return self._made("swap", title, _REACHED, ", ".join(places))
        if self._candidate.swap_unit and mount:
            return self._made("swap", title, _MISSED, "no swap, and the image asks for it")
        return self._made("swap", title, _NOT_ASKED, "the image asks for none that QEMU can have")

    def _media(self) -> Milestone:
        """cloud-init and the agent both leave a copy of what they read, without the password."""
        title = "provisioning medium read"
        if self._answers.get("sudo") != "0":
            told = "without sudo nobody can look"
            return self._made("provisioning-media", title, _NOT_ASKED, told)
        read = self._answers.get("medium", "")
        told = read or "no copy of its ovf-env.xml was left"
        return self._made("provisioning-media", title, _state(bool(read)), told)

    def _agent(self) -> Milestone:
        title = "agent connected, goal state processed"
        if not self._candidate.has_agent or not self._scenario.provision_guest_agent:
            return self._made("agent", title, _NOT_ASKED, "no agent starts in it")
        told = next((event for event in self._events if event.kind in AGENT_STATUS), None)
        if told is None:
            return self._made("agent", title, _MISSED, "it sent no status")
        evidence = one_line(f"{told.kind} {told.detail}", 120)
        return Milestone(name="agent", title=title, state=_REACHED, at=told.at, evidence=evidence)

    def _custom_data(self) -> Milestone:
        title = "custom data executed"
        if not self._own_data or not self._candidate.has_cloud_init:
            return self._made("custom-data", title, _NOT_ASKED, "nothing here would tell")
        got = self._answers.get("custom", "")
        return self._made("custom-data", title, _state(got == WORD), got or "it left nothing")

    def _units(self) -> Milestone:
        failed, state = self._answers.get("failed", ""), self._answers.get("state", "")
        title = "boot finished, no failed units"
        if not state:
            return self._made("units", title, _NOT_ASKED, "systemd did not say")
        excused = [name for name in failed.split() if name in self._candidate.needs_hyperv]
        if excused and excused == failed.split():
            told = f"all but {', '.join(excused)}, for want of a device of Hyper-V's"
            return self._made("units", title, _REACHED, told)
        fine = not failed and state == "running"
        return self._made("units", title, _state(fine), f"{state}: {failed}" if failed else state)

    def _made(self, name: str, title: str, state: MilestoneState, evidence: str) -> Milestone:
        at = self._outcome.settled
        return Milestone(name=name, title=title, state=state, at=at, evidence=one_line(evidence))


def troubles_of(milestones: Iterator[Milestone]) -> Iterator[Trouble]:
    """What the missed ones mean."""
    for item in milestones:
        if item.state is _MISSED and item.name in _CODES:
            codes, fallback = _CODES[item.name]
            yield Trouble(
                codes=codes,
                saw=f"{item.title}: {item.evidence}",
                where="guest",
                at=item.at,
                fallback=fallback,
            )


def _state(good: bool) -> MilestoneState:
    return _REACHED if good else _MISSED


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
