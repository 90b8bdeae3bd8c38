"""Watch a boot until it is a login, or until it is clear that none will come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bootworthy.model.intent import Generation
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.evidence import one_line
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.outcome import Trouble
from bootworthy.rehearsal.signs import Sighting, Weight, ending, sightings

LOGIN_PROMPT = re.compile(r"\blogin: ")

# The end of a boot as cloud-init tells it (cloud-init: config/cc_final_message.py), or the getty.
_DONE = re.compile(r"\blogin: |Cloud-init v\. \S+ finished at ")

# What keeps a machine from being provisioned without a word on the console; the rules themselves
# say which of them it is.
_UNPROVISIONED = (
    *("CMD-18", "CI-03", "CI-02", "CI-04", "CI-09", "NET-01", "AGT-09", "AGT-19", "KERN-04"),
    *("NET-08", "NET-17", "AGT-01"),
)
_NO_NETWORK = ("NET-01", "KERN-01", "NET-02", "NET-03", "NET-08")
_NO_LOGIN = ("SEC-01", "SEC-02", "NET-17", *_NO_NETWORK)
# A key is refused because nobody made the account that it belongs to.
_NO_ACCOUNT = ("CI-07", "CI-09", "AGT-19", "CI-11")
_SHUT_OUT = "SEC-23"
_DENIALS = 3

AGENT_STATUS = frozenset(("hostgaplugin-status", "status-blob"))
"""Events by which the agent tells that it has processed a goal state, after provisioning."""

_SERVICES = frozenset(("wire", "metadata", "host-plugin"))
_SILENT = ("CMD-02", "CMD-03", "CMD-04")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long silence is borne, and a whole boot, in seconds.

    systemd waits for a device for 90 s without a word (DefaultTimeoutStartSec); an emulated
    machine needs its time on top.
    """

    before_prompt: float = 150.0
    after_prompt: float = 60.0
    refused: float = 150.0
    """Until the boot is over sshd may refuse everybody (pam_nologin), or be slow to answer."""
    refused_after_boot: float = 20.0
    unanswered: float = 90.0
    """After Ready and the end of the boot; an SSH server has started before that."""
    astray: float = 30.0
    """The same, of a machine that uses an address which it was not given."""
    unprovisioned: float = 180.0
    """From the login prompt, or the last question to Azure's services, to another one."""
    explained: float = 75.0
    """From the login prompt, or the reason that was seen, to Ready."""
    agent: float = 180.0
    """From the end of the boot to the agent's first status."""
    whole: float = 900.0
    hear_out: float = 4.0


@dataclass
class Watch:
    """One boot: ``events`` gives what the fabric saw, ``log_in`` tries a login once.

    ``log_in`` returns None when nobody answers, an empty text for a login, and the complaint of
    an SSH server that refuses. ``start`` and ``since`` are where on the console, and when, this
    boot began.
    """

    console: Console
    events: Callable[[], Sequence[FabricEvent]]
    seconds: Callable[[], float]
    alive: Callable[[], bool]
    log_in: Callable[[], str | None]
    generation: Generation
    patience: Patience = field(default_factory=Patience)
    start: int = 0
    since: float = 0.0
    needs_ready: bool = True
    pause: Callable[[float], None] = time.sleep
    _refused_at: float | None = None
    _complaint: str = ""
    _searched: int = -1
    _found: tuple[Sighting, ...] = ()
    _denials: int = 0
    """How often the key was denied by a machine whose boot was over."""

    def until_login(self) -> float | Trouble:
        """When the login came about, or why there was none."""
        while True:
            if (trouble := self._trouble()) is not None:
                return trouble
            if (self.ready() or not self.needs_ready) and self._logged_in():
                return self.seconds()
            self.pause(0.5)

    def ready(self) -> FabricEvent | None:
        """The report that Azure waits for."""
        return next((event for event in self.events() if event.kind == "health-ready"), None)

    def _logged_in(self) -> bool:
        over = self._boot_over() is not None
        complaint = self.log_in()
        if complaint == "":
            return True
        if over and complaint and "Permission denied" in complaint:
            self._denials += 1
        if complaint is None:
            # What refused before is gone: the sshd of a machine that was going down to restart.
            self._refused_at = None
            self.pause(2)
        elif self._refused_at is None:
            self._refused_at = self.seconds()
        self._complaint = one_line(complaint or "") or self._complaint
        return False

    def _boot_over(self) -> float | None:
        """When the machine said that it has booted; None before."""
        done = _DONE.search(self.console.text, self.start)
        return self.console.time_of(done.start()) if done else None

    def _unanswered(self) -> Trouble | None:
        """Nobody answers a machine that is up; what else it says on its console is no sign."""
        over = self._boot_over()
        ready, astray = self.ready(), foreign_address(self.events())
        if self._refused_at is not None or (over is None and not astray):
            return None
        if not astray and not ready and self.needs_ready:
            return None
        last = max(self.since, over or 0.0, *(event.at for event in (ready, astray) if event))
        waited, patience = self.seconds() - last, self.patience
        if waited <= (patience.astray if astray else patience.unanswered):
            return None
        saw = f"no SSH server answers, {waited:.0f} s after the machine was up"
        return self._given_up(saw, "BT-10", _NO_LOGIN if ready else _UNPROVISIONED)

    def _refused(self) -> Trouble | None:
        """The key stays refused; once the boot is over nothing more will be set up."""
        if self._refused_at is None:
            return None
        final = self._denials >= _DENIALS
        limit = self.patience.refused_after_boot if final else self.patience.refused
        if self.seconds() - max(self._refused_at, self._boot_over() or 0.0) <= limit:
            return None
        known = self._explanation()
        saw = f"{known.saw}; then: {self._complaint}" if known else self._complaint
        codes = (*(known.codes if known else ()), _SHUT_OUT, *_NO_ACCOUNT)
        return _trouble(codes, saw, where="ssh", at=self.seconds(), fallback="BT-10")

    def _unprovisioned(self) -> Trouble | None:
        """A machine that is up and asks for nothing; an agent that waits goes on talking."""
        prompt = LOGIN_PROMPT.search(self.console.text, self.start)
        if prompt is None or not self.needs_ready or self.ready():
            return None
        if any(event.kind in AGENT_STATUS for event in self.events()):
            told = "the agent is past provisioning, and nobody reported ready"
            return self._given_up(told, "BT-09", _UNPROVISIONED)
        up, known = self.console.time_of(prompt.start()), self._explanation()
        asked = [event.at for event in self.events() if event.service in _SERVICES]
        # An agent asks for its goal state for ever: that is no progress where a reason is known.
        last = max(up, known.at) if known else max([up, *asked])
        waited = self.seconds() - last
        if waited <= (self.patience.explained if known else self.patience.unprovisioned):
            return None
        told = (
            f"{waited:.0f} s later nobody reported ready"
            if known
            else (f"{waited:.0f} s after the login prompt nobody asks for the goal state")
        )
        return self._given_up(told, "BT-09", _UNPROVISIONED)

    def _trouble(self) -> Trouble | None:
        if sighting := ending(self._sightings()):
            self.pause(self.patience.hear_out)
            return self._explained(ending(self._sightings()) or sighting)
        if not self.alive():
            return self._given_up("the machine switched itself off", "BT-08", ())
        return (
            self._reported_failure()
            or self._refused()
            or self._unanswered()
            or self._unprovisioned()
            or self._out_of_patience()
        )

    def _reported_failure(self) -> Trouble | None:
        """A guest that says of itself that provisioning failed (the agent's ProvisioningFailed)."""
        for event in self.events():
            if event.kind == "health-notready" and "ProvisioningFailed" in event.detail:
                known = self._explanation()
                codes = known.codes if known else _UNPROVISIONED
                saw = f"{known.saw}; then: {event.detail}" if known else event.detail
                return _trouble(codes, saw, where="fabric", at=event.at, fallback="BT-09")
        return None

    def _out_of_patience(self) -> Trouble | None:
        now = self.seconds()
        last = max([self.console.last_heard, self.since, *(event.at for event in self.events())])
        if self._refused_at is None and now - last > self._patience():
            return self._silence(now - last)
        if now - self.since > self.patience.whole:
            return self._given_up(f"not done within {self.patience.whole:g} s", "BT-11", ())
        return None

    def _patience(self) -> float:
        if LOGIN_PROMPT.search(self.console.text, self.start):
            return self.patience.after_prompt
        return self.patience.before_prompt

    def _silence(self, length: float) -> Trouble:
        """What silence means depends on how far the machine came."""
        text = self.console.text[self.start :]
        kinds = {event.kind for event in self.events()}
        told = f"{length:.0f} s of silence"
        if self.ready():
            return self._given_up(f"{told} after Ready, and no SSH server", "BT-10", _NO_LOGIN)
        if LOGIN_PROMPT.search(text) or "dhcp-ack" in kinds:
            codes = _UNPROVISIONED if "dhcp-ack" in kinds else (*_UNPROVISIONED, *_NO_NETWORK)
            return self._given_up(f"{told}, and nobody reported ready", "BT-09", codes)
        if "Linux version" not in text:
            return self._given_up(f"{told}: no kernel spoke", "BT-08", _SILENT)
        return self._given_up(told, "BT-08", _NO_NETWORK)

    def _given_up(self, saw: str, fallback: str, codes: tuple[str, ...]) -> Trouble:
        """No sign ended the boot; one that explains it goes before our own guesses."""
        known, where = self._explanation(), "serial"
        if known is not None:
            codes, where = (*known.codes, *codes), known.where
            saw = f"{known.saw}; then {saw}"
        elif tail := self.console.text[self.start :].rstrip().rpartition("\n")[2]:
            saw = f"{saw}; the last line was: {one_line(tail[-200:])}"
        return _trouble(codes, saw, where=where, at=self.seconds(), fallback=fallback)

    def _explanation(self) -> Explanation | None:
        """The signs that explain a failure: on the console, then in the fabric.

        The first is shown; what the others stand for is asked as well.
        """
        seen = [item for item in self._sightings() if item.sign.weight is Weight.EXPLAINS]
        if seen:
            codes = tuple(code for item in seen for code in item.sign.codes)
            return Explanation(codes=codes, saw=seen[0].saw, where="serial", at=seen[0].at)
        if event := foreign_address(self.events()):
            saw = f"the machine uses {event.detail.rpartition(' ')[2]}, which nobody gave it"
            return Explanation(codes=_NO_NETWORK, saw=saw, where="fabric", at=event.at)
        return None

    def _sightings(self) -> tuple[Sighting, ...]:
        """All signs so far; a console that said nothing new is not searched again."""
        length = len(self.console.text)
        if length != self._searched:
            self._found = tuple(sightings(self.console, self.generation, self.start))
            self._searched = length
        return self._found

    def _explained(self, end: Sighting) -> Trouble:
        """The end, by the sign that came before it and says why, if there is one."""
        known = self._explanation()
        codes, saw = end.sign.codes, end.saw
        if known is not None and known.at <= end.at:
            codes, saw = (*known.codes, *end.sign.codes), f"{known.saw}; then: {end.saw}"
        return _trouble(codes, saw, where="serial", at=end.at)


def _trouble(
    codes: tuple[str, ...], saw: str, *, where: str, at: float, fallback: str = ""
) -> Trouble:
    """The rules among the codes are asked; the first that only a boot shows is the fallback."""
    of_boots = [code for code in codes if code.startswith("BT-")]
    return Trouble(
        codes=tuple(dict.fromkeys(code for code in codes if code not in of_boots)),
        saw=saw,
        where=where,
        at=at,
        fallback=(*of_boots, fallback)[0],
    )


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why a boot fails, seen before it failed; ``at`` is in seconds since power-on."""

    codes: tuple[str, ...]
    saw: str
    where: str
    at: float


def foreign_address(events: Sequence[FabricEvent]) -> FabricEvent | None:
    """The machine's first packet from an address that DHCP did not give it."""
    return next((event for event in events if event.kind == "foreign-address"), None)
