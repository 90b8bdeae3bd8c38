"""What the answers of a guest prove, each the right way and the wrong way."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.model.intent import Architecture, Generation
from bootworthy.model.rehearsal import Milestone, MilestoneState
from bootworthy.rehearsal.answers import Judge, troubles_of
from bootworthy.rehearsal.candidate import Candidate
from bootworthy.rehearsal.codes import code_of
from bootworthy.rehearsal.controllers import Controller
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.fabric.ovf import ovf_environment
from bootworthy.rehearsal.outcome import Outcome
from bootworthy.rehearsal.questions import QUESTIONS, WORD, answers_in
from bootworthy.rehearsal.scenario import Scenario

CANDIDATE = Candidate(
    path=Path("x.vhd"),
    size=1 << 31,
    generation=Generation.BIOS,
    architecture=Architecture.X64,
    controller=Controller.IDE,
    machine_id="old",
    host_keys=frozenset({"ssh-rsa OLD"}),
    swap_unit=True,
)

GOOD = {
    "state": "running",
    "failed": "",
    "host": "rehearsal-vm",
    "user": "azureuser",
    "sudo": "0",
    "machine_id": "new",
    "boot_id": "b1",
    "key:/etc/ssh/ssh_host_rsa_key.pub": "ssh-rsa NEW",
    "clock": "tsc",
    "medium": "/var/lib/waagent/ovf-env.xml",
    "swap": "/mnt/resource/swapfile file 2097148 0 -2",
    "custom": WORD,
    "instances": "i1",
    "root_device": "/dev/sda1",
    "root_gap": "2048",
    "root_sectors": "6000000",
    "root_size": "5900000",
    "resource": "/dev/sdb1 /mnt/resource ext4",
}


STATUS = FabricEvent(61.0, "host-plugin", "hostgaplugin-status", '{"status": "Ready"}')


def _judged(
    changed: dict[str, str],
    candidate: Candidate = CANDIDATE,
    events: tuple[FabricEvent, ...] = (STATUS,),
) -> dict[str, Milestone]:
    outcome = Outcome(login=40.0, settled=50.0, answers=GOOD | changed)
    outcome.second_asked, outcome.second_login, outcome.second_answers = True, 90.0, GOOD
    judge = Judge(candidate, Scenario(), outcome, events, own_data=True)
    return {item.name: item for item in judge.milestones()}


def test_a_good_guest_misses_nothing() -> None:
    found = _judged({})

    assert {item.state for item in found.values()} == {MilestoneState.REACHED}
    assert all(item.evidence for item in found.values())


@pytest.mark.parametrize(
    ("name", "answer", "value", "code"),
    [
        ("sudo", "sudo", "", "BT-21"),
        ("host-name", "host", "localhost", "BT-09"),
        ("machine-id", "machine_id", "old", "CLEAN-08"),
        ("host-keys", "key:/etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa OLD", "SEC-02"),
        ("root-grown", "root_gap", "2097152", "PART-16"),
        ("root-grown", "root_size", "4000000", "PART-16"),
        ("swap", "swap", "/dev/sda5 partition 204796 0 -2", "SWAP-01"),
        ("swap", "swap", "", "SWAP-01"),
        ("resource-disk", "resource", "", "SWAP-05"),
        ("provisioning-media", "medium", "", "BT-25"),
        ("custom-data", "custom", "", "BT-22"),
        ("units", "failed", "ssh.service", "BT-12"),
        ("clock-source", "clock", "", "BT-23"),
    ],
)
def test_what_is_wrong_is_missed_and_explained(
    name: str, answer: str, value: str, code: str
) -> None:
    found = _judged({answer: value})
    troubles = {t.saw: t for t in troubles_of(iter(found.values()))}
    mine = [t for saw, t in troubles.items() if saw.startswith(found[name].title)]

    assert found[name].state is MilestoneState.MISSED
    assert code_of(code)
    assert code in (*mine[0].codes, mine[0].fallback)


CHRONY = {"state": "degraded", "failed": "chrony.service"}


def test_a_unit_that_wants_a_device_of_hyperv_may_fail_in_qemu() -> None:
    clock = replace(CANDIDATE, needs_hyperv=frozenset({"chrony.service"}))
    alone = _judged(CHRONY, clock)["units"]
    beside = _judged({**CHRONY, "failed": "chrony.service ssh.service"}, clock)["units"]

    assert (alone.state, _judged(CHRONY)["units"].state) == (
        MilestoneState.REACHED,
        MilestoneState.MISSED,
    )
    assert "chrony.service" in alone.evidence
    assert beside.state is MilestoneState.MISSED


def test_what_qemu_cannot_show_is_not_asked() -> None:
    agent = replace(CANDIDATE, agent_swap=True, swap_unit=False)
    found = _judged({"resource": "", "swap": "", "root_gap": ""}, agent)

    for name in ("resource-disk", "swap", "root-grown"):
        assert found[name].state is MilestoneState.NOT_ASKED


def test_a_resource_disk_that_could_not_be_named_is_not_asked_for() -> None:
    unnamed = _judged({"resource": "", "swap": "", "resource_name": ""})
    named = _judged({"resource": "", "resource_name": "/dev/disk/cloud/azure_resource"})

    assert unnamed["resource-disk"].state is MilestoneState.NOT_ASKED
    assert unnamed["swap"].state is MilestoneState.NOT_ASKED
    assert named["resource-disk"].state is MilestoneState.MISSED


def test_the_agent_alone_is_not_asked_to_grow_the_root() -> None:
    agent = replace(CANDIDATE, has_cloud_init=False)
    small, grown = _judged({"root_gap": "2097152"}, agent), _judged({}, agent)

    assert small["root-grown"].state is MilestoneState.NOT_ASKED
    assert grown["root-grown"].state is MilestoneState.REACHED


def test_the_agents_status_shows_that_it_processed_a_goal_state() -> None:
    told, silent = _judged({})["agent"], _judged({}, events=())["agent"]
    without = _judged({}, replace(CANDIDATE, has_agent=False), events=())["agent"]

    assert (told.state, told.at) == (MilestoneState.REACHED, STATUS.at)
    assert "Ready" in told.evidence
    assert silent.state is MilestoneState.MISSED
    assert [trouble.fallback for trouble in troubles_of(iter([silent]))] == ["BT-26"]
    assert without.state is MilestoneState.NOT_ASKED


def test_the_copy_of_the_medium_is_found_by_its_mark(tmp_path: Path) -> None:
    """The question as a shell asks it, with the document of the medium and a made-up one."""
    copy = tmp_path / "ovf-env.xml"
    (line,) = (line for line in QUESTIONS.splitlines() if line.startswith("say medium "))
    asked = line.replace("/var/lib/waagent/ovf-env.xml", str(copy)).replace("sudo -n ", "")
    script = f"say() {{ printf '%s' \"$2\"; }}\n{asked}"
    found = []
    for content in (ovf_environment(Scenario()), b"<ns0:Environment />"):
        copy.write_bytes(content)
        done = subprocess.run(["sh", "-c", script], check=False, capture_output=True, text=True)
        found.append(done.stdout)

    assert found == [str(copy), ""]


def test_without_sudo_nobody_can_tell_whether_the_medium_was_read() -> None:
    assert _judged({"sudo": "", "medium": ""})["provisioning-media"].state is (
        MilestoneState.NOT_ASKED
    )


def test_evidence_is_plain_text() -> None:
    state = _judged({"host": "\x1b[31mlocal\x07host\u202e" + "x" * 500})["host-name"]

    assert state.evidence.startswith("local host x")
    assert len(state.evidence) <= 300


def test_a_second_boot_that_provisions_again() -> None:
    outcome = Outcome(login=40.0, answers=GOOD, second_asked=True, second_login=90.0)
    outcome.second_answers = {**GOOD, "machine_id": "newer"}
    found = {m.name: m for m in Judge(CANDIDATE, Scenario(), outcome, own_data=True).milestones()}

    assert found["second-login"].state is MilestoneState.REACHED
    assert found["provisioned-once"].state is MilestoneState.MISSED
    assert "machine_id" in found["provisioned-once"].evidence


def test_a_second_boot_that_fails_is_missed_and_one_that_was_not_wanted_is_not() -> None:
    failed = Outcome(login=40.0, answers=GOOD, second_asked=True)
    unwanted = Outcome(login=40.0, answers=GOOD)
    states = []
    for outcome in (failed, unwanted):
        judge = Judge(CANDIDATE, Scenario(), outcome, (STATUS,), own_data=True)
        found = {item.name: item.state for item in judge.milestones()}
        states.append((found["second-login"], found["provisioned-once"]))

    asked, missed = MilestoneState.NOT_ASKED, MilestoneState.MISSED
    assert states == [(missed, asked), (asked, asked)]


def test_answers_count_only_when_they_are_whole() -> None:
    assert answers_in("user=a\nend=yes\n") == {"user": "a", "end": "yes"}
    assert answers_in("user=a\n") == {}
