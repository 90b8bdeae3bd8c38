"""What the guest sees of the machine that was asked for: disks, interfaces, Secure Boot, TPM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bootworthy.model.rehearsal import Milestone, MilestoneState
from bootworthy.rehearsal.disks import DATA_SIZE
from bootworthy.rehearsal.outcome import Outcome
from bootworthy.rehearsal.scenario import Scenario

# Of the variable, the fifth byte is the value (UEFI 2.10 §3.3; the kernel's efivarfs puts four of
# attributes before it).
_SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

QUESTIONS = f"""\
say data_disks "$(lsblk -dbno SIZE | tr -d ' ' | grep -cx {DATA_SIZE})"
say nics "$(ls -d /sys/class/net/*/device | wc -l)"
say secure_boot "$(od -An -tu1 -j4 -N1 {_SECURE_BOOT} | tr -d ' ')"
say tpm "$(cat /sys/class/tpm/tpm0/tpm_version_major)"
"""
"""Lines for the shell that asks, where ``say`` gives an answer its name."""


def milestones(scenario: Scenario, outcome: Outcome) -> Iterator[Milestone]:
    """One for each thing that the scenario asks of the machine beyond the least."""
    at, answers = outcome.settled, outcome.answers
    if scenario.nics > 1:
        yield _counted(at, "nics", "network interfaces are there", answers, scenario.nics)
    if scenario.data_disks:
        yield _counted(at, "data-disks", "data disks are there", answers, scenario.data_disks)
    if scenario.trusted_launch:
        yield _secure_boot(outcome)
        yield _tpm(outcome)


def _secure_boot(outcome: Outcome) -> Milestone:
    on = outcome.answers.get("secure_boot") == "1"
    return Milestone(
        name="secure-boot",
        title="Secure Boot is on",
        state=MilestoneState.REACHED if on else MilestoneState.MISSED,
        at=outcome.settled,
        evidence="the firmware's variable says so" if on else "the firmware does not say so",
    )


def _tpm(outcome: Outcome) -> Milestone:
    """A guest boots without: only attestation and disks that the TPM unlocks need it."""
    state, told = MilestoneState.NOT_ASKED, "swtpm is not installed here"
    if outcome.has_tpm:
        version = outcome.answers.get("tpm", "")
        state = MilestoneState.REACHED if version else MilestoneState.NOT_ASKED
        told = f"/dev/tpm0, version {version}" if version else "the guest has no driver for it"
    return Milestone(
        name="tpm", title="a TPM is there", state=state, at=outcome.settled, evidence=told
    )


def _counted(
    at: float | None, name: str, title: str, answers: Mapping[str, str], wanted: int
) -> Milestone:
    """Nothing at all says that the guest has no driver for QEMU's kind, which Azure has not."""
    got = answers.get(name.replace("-", "_"), "")
    state, told = MilestoneState.MISSED, f"{got or 'none'} of {wanted}"
    if got in {"", "0"}:
        state, told = MilestoneState.NOT_ASKED, "the guest has no driver for those of QEMU"
    elif got == str(wanted):
        state = MilestoneState.REACHED
    return Milestone(name=name, title=title, state=state, at=at, evidence=told)
