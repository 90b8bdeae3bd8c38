"""The first boot on Azure, here: boot an image against the simulated Azure, and judge it."""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bootworthy.disk.sizes import MIB
from bootworthy.model.errors import HostError, UsageError
from bootworthy.model.events import Note, Observer, StepFinished, StepStarted, ignore
from bootworthy.model.intent import Generation
from bootworthy.model.plugins import Added
from bootworthy.model.rehearsal import Happening, Rehearsed, Verdict, excerpt
from bootworthy.rehearsal.accelerator import Accelerator, accelerator_for
from bootworthy.rehearsal.candidate import Candidate
from bootworthy.rehearsal.checks import ProvisioningCheck, added_checks, with_checks
from bootworthy.rehearsal.checks import ask as ask_added
from bootworthy.rehearsal.conversation import Conversation
from bootworthy.rehearsal.diagnose import Ask
from bootworthy.rehearsal.disks import make_disks
from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.firmware import Firmware, find_firmware
from bootworthy.rehearsal.gateway import gateway
from bootworthy.rehearsal.judge import Seen, judge
from bootworthy.rehearsal.machine import Machine, Wiring, emulator_for, qemu_arguments
from bootworthy.rehearsal.outcome import Outcome, Trouble
from bootworthy.rehearsal.power import Running, power_on
from bootworthy.rehearsal.pressure import Pressure
from bootworthy.rehearsal.questions import CUSTOM_DATA, QUESTIONS, SETTLING, answers_in
from bootworthy.rehearsal.scenario import Scenario
from bootworthy.rehearsal.scratch import scratch
from bootworthy.rehearsal.ssh import Client, make_key
from bootworthy.rehearsal.tpm import trusted_platform
from bootworthy.rehearsal.watch import AGENT_STATUS, Patience, Watch

_BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
_SSH_PORT = 22
_MOST_OUTSIDE = 20

_LOGS = ("serial.log", "fabric.jsonl", "guest.jsonl", "qemu.log", "qemu.argv", "swtpm.log")

# The machine's disks before it starts (a resource disk with NTFS has 70 MiB), and what the first
# boot of a small system writes; with less than the least, what it writes next may have no room.
_ROOM = 512 * MIB
_LEAST_SPACE = 64 * MIB


@dataclass(frozen=True, kw_only=True)
class RehearsalOptions:
    """How to rehearse; ``memory`` is in bytes. ``keep`` is a directory for the logs.

    ``version`` is bootworthy's own, for the verdict. ``attend`` is given the running machine and
    the command that logs in, and decides alone when it has run long enough: nothing is asked of
    the guest then, and the verdict says no more than what was seen.
    """

    scenario: Scenario = field(default_factory=Scenario)
    keep: Path | None = None
    memory: int = 2048 * MIB
    cpus: int = 2
    second_boot: bool = True
    emulate: bool = False
    patience: Patience = field(default_factory=Patience)
    observer: Observer = ignore
    version: str = ""
    attend: Callable[[Running, Sequence[str]], None] | None = None


def rehearse(candidate: Candidate, ask: Ask, options: RehearsalOptions | None = None) -> Verdict:
    """Boot the candidate and judge it; the image is only read.

    ``ask`` runs one rule on the image, to name the one that explains a failure.

    Raises:
        UsageError: ``plugin-broken``: a package adds a check that cannot be used.
        HostError: QEMU, its firmware, OpenSSH's client or a private network is missing here.
        UsageError: the scenario asks for what machines of this generation do not have.
    """
    wanted = options or RehearsalOptions()
    _refuse_odd_machine(candidate, wanted.scenario)
    emulator_for(candidate.architecture)
    checks = added_checks()
    with scratch() as directory, _logs(directory, wanted.keep):
        try:
            rehearsal = _Rehearsal(candidate, ask, wanted, directory, checks)
            verdict = with_checks(rehearsal.run(), checks, rehearsal.added)
            serial = (directory / "serial.log").read_text(encoding="utf-8", errors="replace")
            return replace(verdict, serial=excerpt(serial))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _no_room(directory) from error
            raise


def _no_room(directory: Path) -> HostError:
    return HostError(
        "rehearsal-space",
        f"there is no room for the machine's disks in {directory.parent}",
        hint="free a few GiB there, or set TMPDIR to a directory with space",
    )


def _refuse_odd_machine(candidate: Candidate, scenario: Scenario) -> None:
    if scenario.trusted_launch and candidate.generation is Generation.BIOS:
        raise UsageError(
            "rehearsal-trusted-launch",
            "Trusted Launch is for machines of generation 2, and this one boots by BIOS",
            hint="rehearse it without Trusted Launch, or with --generation 2 if it has an EFI "
            "system partition",
        )


@contextmanager
def _logs(directory: Path, keep: Path | None) -> Iterator[None]:
    """Copy the logs to where the user wants them, however the rehearsal ends."""
    if keep is not None:
        _make_kept(keep)
    try:
        yield
    finally:
        for name in _LOGS:
            if keep is not None and (directory / name).exists():
                shutil.copyfile(directory / name, keep / name)


def _make_kept(keep: Path) -> None:
    """Make the directory, and see now that it can be written to: a boot takes minutes."""
    try:
        keep.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=keep):
            pass
    except OSError as error:
        raise HostError("keep", f"cannot write to {keep}: {error.strerror}") from error


class _Rehearsal:
    """One run: what its parts share; ``added`` are the guest's answers to ``checks``."""

    def __init__(
        self,
        candidate: Candidate,
        ask: Ask,
        options: RehearsalOptions,
        directory: Path,
        checks: tuple[Added[ProvisioningCheck], ...],
    ) -> None:
        self.added: Mapping[str, str] = {}
        self._checks = checks
        self._candidate = candidate
        self._ask = ask
        self._options = options
        self._directory = directory
        self._began = time.monotonic()
        self._pressure = Pressure()
        self._key = make_key(directory)
        self._own_data = options.scenario.custom_data is None
        self._scenario = self._with_our_access(options.scenario)
        self._client = Client(
            user=self._scenario.user_name, key=self._key, socket=directory / "ssh"
        )
        self._accelerator = accelerator_for(candidate.architecture, emulate=options.emulate)
        self._outcome = Outcome()
        self._boot_id = ""
        self._guest: Conversation

    def _with_our_access(self, scenario: Scenario) -> Scenario:
        """The scenario, with a key to log in by and with custom data that leaves a mark."""
        return replace(
            scenario,
            ssh_public_keys=(*scenario.ssh_public_keys, self._key.public),
            custom_data=CUSTOM_DATA if self._own_data else scenario.custom_data,
        )

    def run(self) -> Verdict:
        """Boot, ask, boot again; then judge."""
        self._refuse_full_disk(_ROOM)
        with ExitStack() as stack:
            fabric = stack.enter_context(Fabric(self._scenario, self._directory))
            machine = self._machine()
            argv = self._argv(machine, fabric, stack.enter_context(self._tpm()))
            (self._directory / "qemu.argv").write_text("\0".join(argv))
            running = stack.enter_context(
                power_on(
                    fabric.wrap(argv),
                    serial=self._directory / "serial",
                    log=self._directory / "qemu.log",
                    pass_fds=fabric.pass_fds,
                )
            )
            fabric.clock.restart()
            self._guest = Conversation(
                client=self._client,
                seconds=lambda: running.seconds,
                log=self._directory / "guest.jsonl",
            )
            stack.enter_context(
                gateway(self._client.socket, lambda: fabric.connect_guest(_SSH_PORT, 20))
            )
            try:
                self._boots(fabric, running)
            finally:
                (self._directory / "serial.log").write_text(running.console.stamped())
            return self._verdict(fabric, running)

    def _machine(self) -> Machine:
        firmware = self._firmware()
        return Machine(
            generation=self._candidate.generation,
            architecture=self._candidate.architecture,
            controller=self._candidate.controller,
            vm_id=self._scenario.vm_id,
            memory=self._options.memory,
            cpus=self._options.cpus,
            firmware=firmware,
        )

    def _firmware(self) -> Firmware | None:
        if self._candidate.generation is Generation.BIOS:
            return None
        found = find_firmware(
            self._candidate.architecture, secure_boot=self._scenario.trusted_launch
        )
        shutil.copyfile(found.variables, self._directory / "variables.fd")
        return found

    @contextmanager
    def _tpm(self) -> Iterator[Path | None]:
        """Trusted Launch has one; without swtpm the machine goes without."""
        if not self._scenario.trusted_launch:
            yield None
            return
        with trusted_platform(self._directory) as control:
            self._outcome.has_tpm = control is not None
            yield control

    def _argv(self, machine: Machine, fabric: Fabric, tpm: Path | None) -> list[str]:
        disks = make_disks(
            self._candidate.path.absolute(),
            self._candidate.size,
            self._directory,
            data_disks=self._scenario.data_disks,
        )
        wiring = Wiring(
            serial=self._directory / "serial",
            dvd=fabric.dvd,
            variables=self._directory / "variables.fd",
            tpm=tpm,
            network=fabric.qemu_arguments(),
            macs=fabric.macs,
        )
        return qemu_arguments(machine, self._accelerator, disks, wiring)

    def _boots(self, fabric: Fabric, running: Running) -> None:
        """The first boot, the questions, and the second boot."""
        if self._options.attend is not None:
            self._options.attend(running, self._client.short_argv())
            running.refuse_failure()
            return
        watch = Watch(
            console=running.console,
            events=lambda: fabric.events.since(0),
            seconds=lambda: running.seconds,
            alive=lambda: running.alive and not self._disk_is_full(),
            log_in=lambda: self._log_in(fabric, ""),
            generation=self._candidate.generation,
            patience=self._options.patience,
        )
        with self._step("first boot"):
            came = watch.until_login()
        if isinstance(came, Trouble):
            self._refuse_what_is_no_fault_of_the_image(running)
            self._outcome.troubles.append(came)
            return
        self._outcome.login = came
        self._outcome.login_evidence = f"{self._scenario.user_name} by key, boot {self._boot_id}"
        with self._step("questions to the guest"):
            self._outcome.answers = self._answers()
            self.added = ask_added(self._client, self._checks)
            self._outcome.settled = running.seconds
        if not self._outcome.answers:
            self._outcome.troubles.append(_without_answers(running.seconds))
            return
        if self._agent_is_due():
            with self._step("status of the agent"):
                fabric.events.wait_for(
                    lambda event: event.kind in AGENT_STATUS, self._options.patience.agent
                )
        if self._options.second_boot:
            with self._step("second boot"):
                self._second_boot(fabric, running)

    def _agent_is_due(self) -> bool:
        """Whether the agent's first status is worth waiting for: it comes after the login."""
        return self._candidate.has_agent and self._scenario.provision_guest_agent

    def _refuse_what_is_no_fault_of_the_image(self, running: Running) -> None:
        """QEMU that is ended from outside, or stops a machine whose disk cannot be written to."""
        running.refuse_failure()
        self._refuse_full_disk()

    def _refuse_full_disk(self, least: int = _LEAST_SPACE) -> None:
        """QEMU stops a machine whose disk cannot be written to: not the image's fault."""
        if self._disk_is_full(least):
            raise _no_room(self._directory)

    def _disk_is_full(self, least: int = _LEAST_SPACE) -> bool:
        return shutil.disk_usage(self._directory).free < least

    def _second_boot(self, fabric: Fabric, running: Running) -> None:
        self._outcome.second_asked = True
        first, seen, start = self._boot_id, len(fabric.events), len(running.console.text)
        self._guest.ask("reboot", "sudo -n systemctl reboot", 30)
        watch = Watch(
            console=running.console,
            events=lambda: fabric.events.since(seen),
            seconds=lambda: running.seconds,
            alive=lambda: running.alive and not self._disk_is_full(),
            log_in=lambda: self._log_in(fabric, first),
            generation=self._candidate.generation,
            patience=self._options.patience,
            start=start,
            since=running.seconds,
            needs_ready=False,
        )
        came = watch.until_login()
        if isinstance(came, Trouble):
            self._refuse_what_is_no_fault_of_the_image(running)
            self._outcome.troubles.append(replace(came, fallback="BT-20"))
            return
        self._outcome.second_login = came
        self._outcome.second_answers = self._answers()

    def _answers(self) -> dict[str, str]:
        answer = self._guest.ask_until_told("questions", QUESTIONS, SETTLING + 90)
        found = dict(answers_in(answer.output))
        if not found:
            told = answer.complaint or answer.output[-200:]
            self._options.observer(Note(f"the guest did not answer over SSH: {told}"))
        return found

    def _log_in(self, fabric: Fabric, before: str) -> str | None:
        """One try: None when nobody answers, or the boot ``before`` still does."""
        try:
            fabric.connect_guest(_SSH_PORT, 3).close()
        except OSError:
            return None
        answer = self._guest.ask("login", _BOOT_ID, 60)
        if not answer.logged_in:
            return answer.complaint or None
        boot_id = answer.output.strip()
        if boot_id == before:
            return None
        self._boot_id = boot_id
        return ""

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        began = time.monotonic()
        self._options.observer(StepStarted(title))
        yield
        self._options.observer(StepFinished(title, time.monotonic() - began))

    def _verdict(self, fabric: Fabric, running: Running) -> Verdict:
        events = fabric.events.since(0)
        seen = Seen(
            console=running.console,
            events=events,
            outcome=self._outcome,
            own_data=self._own_data,
        )
        milestones, diagnoses = judge(self._candidate, self._scenario, seen, self._ask)
        keep = self._options.keep
        return Verdict(
            subject=str(self._candidate.path),
            version=self._options.version,
            machine=_rehearsed(self._candidate, self._options, self._accelerator, self._scenario),
            milestones=milestones,
            diagnoses=diagnoses,
            timeline=tuple(
                Happening(at=e.at, source=e.service, what=f"{e.kind} {e.detail}".strip())
                for e in events
            ),
            seconds=time.monotonic() - self._began,
            observations=(*_observations(fabric), *filter(None, [self._pressure.note()])),
            kept=str(keep) if keep else None,
        )


def _without_answers(at: float) -> Trouble:
    """A login that leads to nothing proves no more than Ready does."""
    saw = "the login was accepted, and then nothing that was asked was answered"
    return Trouble(codes=(), saw=saw, where="ssh", at=at, fallback="BT-11")


def _rehearsed(
    candidate: Candidate, options: RehearsalOptions, accelerator: Accelerator, scenario: Scenario
) -> Rehearsed:
    return Rehearsed(
        generation=candidate.generation,
        architecture=candidate.architecture.value,
        accelerator=accelerator.name,
        controller=candidate.controller.value,
        memory=options.memory,
        cpus=options.cpus,
        secure_boot=scenario.trusted_launch,
    )


def _observations(fabric: Fabric) -> tuple[str, ...]:
    """Where the guest tried to go beyond the fabric; nothing of it left this machine."""
    tried = [event.detail for event in fabric.events if event.kind == "outside-attempt"]
    return tuple(f"tried to reach {what}" for what in dict.fromkeys(tried))[:_MOST_OUTSIDE]
