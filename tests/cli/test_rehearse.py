"""``bootworthy rehearse``: what it says when it cannot start, and how a verdict is printed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import click
import jsonschema
import pytest

from bootworthy.cli.outputs import Output
from bootworthy.cli.rehearse import _scenario
from bootworthy.cli.result import finish_report
from bootworthy.model.errors import HostError
from bootworthy.model.intent import Generation
from bootworthy.model.rehearsal import Diagnosis, Milestone, MilestoneState, Rehearsed, Verdict
from bootworthy.model.report import Report
from bootworthy.report import rehearsal
from bootworthy.report.format import find_format
from bootworthy.report.styled import as_text
from tests.cli.command import bootworthy
from tests.guests import small
from tests.report import samples

MACHINE = Rehearsed(
    generation=Generation.UEFI,
    architecture="x64",
    accelerator="tcg",
    controller="virtio-scsi",
    memory=2 << 30,
    cpus=2,
)
READY = Milestone(
    name="ready", title="reported ready", state=MilestoneState.REACHED, at=70.0, evidence="yes"
)
MISSED = Milestone(name="login", title="SSH key accepted", state=MilestoneState.MISSED)
WHY = Diagnosis(
    rule="mount-missing", code="PART-12", saw="emergency", where="serial", why="stops", fix="drop"
)


def _verdict(*milestones: Milestone, diagnoses: tuple[Diagnosis, ...] = ()) -> Verdict:
    return Verdict(
        subject="x.vhd",
        version="0",
        machine=MACHINE,
        milestones=milestones,
        diagnoses=diagnoses,
        timeline=(),
        seconds=81.25,
    )


def test_a_boot_of_which_nothing_was_seen_has_not_passed() -> None:
    assert not _verdict().passed
    assert _verdict(READY).passed
    assert not _verdict(READY, MISSED).passed
    assert not _verdict(READY, diagnoses=(WHY,)).passed


def test_the_text_ends_with_the_verdict_and_names_rule_and_fix() -> None:
    text = as_text(rehearsal.lines(_verdict(READY, MISSED, diagnoses=(WHY,))))

    assert "PART-12 mount-missing" in text
    assert "saw (serial): emergency" in text
    assert "fix: drop" in text
    assert text.rstrip().splitlines()[-1].startswith("This image would not work on Azure")


def test_the_json_holds_everything() -> None:
    data = json.loads(rehearsal.render(_verdict(READY, diagnoses=(WHY,))))

    assert data["passed"] is False
    assert data["milestones"][0]["state"] == "reached"
    assert data["machine"]["generation"] == 2
    schema = Path(rehearsal.__file__).parent / "verdict-v1.schema.json"
    jsonschema.validate(data, json.loads(schema.read_text()))


def test_a_missing_image_is_an_image_error(tmp_path: Path) -> None:
    done = bootworthy("rehearse", tmp_path / "no.vhd")

    assert done.status in {3, 4}
    assert done.code


_ODD = [
    ("--memory", "1"),
    ("--cpus", "0"),
    ("--generation", "3"),
    ("--nics", "9"),
    ("--nics", "0"),
    ("--data-disks", "65"),
]


@pytest.mark.parametrize("option", _ODD)
def test_odd_values_are_wrong_usage(option: tuple[str, str], tmp_path: Path) -> None:
    assert bootworthy("rehearse", *option, tmp_path / "x.vhd").status == 2


def test_without_qemu_it_says_what_to_install(tmp_path: Path) -> None:
    small.one_linux(tmp_path / "disk.raw")
    done = bootworthy("rehearse", "--generation", "1", tmp_path / "disk.raw", env={"PATH": ""})

    assert (done.status, done.code) == (4, "qemu-missing")
    assert "apt install qemu-system-x86" in done.hint


def test_without_a_boot_loader_it_asks_for_the_generation(tmp_path: Path) -> None:
    small.one_linux(tmp_path / "disk.raw")
    done = bootworthy("rehearse", tmp_path / "disk.raw")

    assert (done.status, done.code) == (2, "rehearsal-generation")
    assert "--generation" in done.hint


def test_a_qcow2_is_converted_first(tmp_path: Path) -> None:
    raw, image = tmp_path / "disk.raw", tmp_path / "disk.qcow2"
    small.one_linux(raw)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, image], check=True)
    done = bootworthy("rehearse", "--generation", "1", image)

    assert (done.status, done.code) == (2, "rehearsal-format")
    assert "convert" in done.hint


def test_a_place_for_logs_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    small.one_linux(tmp_path / "disk.raw")
    (tmp_path / "file").touch()
    keep = tmp_path / "file" / "logs"
    done = bootworthy("rehearse", "--generation", "1", "--keep", keep, tmp_path / "disk.raw")

    assert (done.status, done.code) == (4, "keep")


def test_a_place_for_logs_that_cannot_be_written_to_is_said_before_the_boot(tmp_path: Path) -> None:
    small.one_linux(tmp_path / "disk.raw")
    # Not even root makes files there.
    done = bootworthy("rehearse", "--generation", "1", "--keep", "/proc", tmp_path / "disk.raw")

    assert (done.status, done.code) == (4, "keep")


def test_nvme_and_another_controller_exclude_each_other(tmp_path: Path) -> None:
    done = bootworthy("rehearse", "--nvme", "--controller", "ahci", tmp_path / "x.vhd")

    assert done.status == 2
    assert "exclude each other" in done.err


@pytest.mark.parametrize(
    ("option", "code"),
    [("--nvme", "rehearsal-controller"), ("--trusted-launch", "rehearsal-trusted-launch")],
)
def test_generation_1_has_neither_nvme_nor_trusted_launch(
    option: str, code: str, tmp_path: Path
) -> None:
    small.one_linux(tmp_path / "disk.raw")
    done = bootworthy("rehearse", "--generation", "1", option, tmp_path / "disk.raw")

    assert (done.status, done.code) == (2, code)
    assert "generation 2" in done.hint or "--generation 2" in done.hint


def test_the_command_line_has_the_last_word_about_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text("nics = 3\ndata_disks = 1\nhost_name = 'web01'\n")
    scenario = _scenario({"scenario": file, "nics": 2, "data_disks": None, "trusted_launch": True})

    assert (scenario.nics, scenario.data_disks, scenario.trusted_launch) == (2, 1, True)
    assert scenario.host_name == "web01"


def test_a_file_tree_cannot_be_rehearsed_after_it_is_prepared(tmp_path: Path) -> None:
    assert bootworthy("prepare", "--root", tmp_path, "--rehearse").status == 2


def test_generation_2_has_no_ide(tmp_path: Path) -> None:
    small.one_linux(tmp_path / "disk.raw")
    argv = ("rehearse", "--generation", "2", "--controller", "ide", tmp_path / "disk.raw")
    done = bootworthy(*argv)

    assert (done.status, done.code) == (2, "rehearsal-controller")


@pytest.mark.parametrize(("passed", "status"), [(True, 0), (False, 1)])
def test_the_report_is_written_before_the_boot_that_decides(
    passed: bool, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report(command="prepare", version="0", subject="x", results=(), seconds=1.0)
    files = (Output(format=find_format("json"), path=tmp_path / "x.json"),)
    given = {"outputs": files, "as_json": True, "verbose": 0, "fail_on": "error"}
    written: list[str] = []

    def _boot() -> Verdict:
        written.extend((capsys.readouterr().out, (tmp_path / "x.json").read_text()))
        return samples.verdict(passed=passed)

    with pytest.raises(click.exceptions.Exit) as ended:
        finish_report(click.Context(click.Command("prepare")), report, given, rehearse=_boot)

    assert written[0] == ""
    assert json.loads(written[1])["rehearsal"] is None
    # A program reads one report from standard output, and it has the verdict.
    assert json.loads(capsys.readouterr().out)["rehearsal"]["passed"] is passed
    assert json.loads((tmp_path / "x.json").read_text())["rehearsal"]["passed"] is passed
    assert ended.value.exit_code == status


def test_the_report_is_written_though_the_boot_could_not_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report(command="prepare", version="0", subject="x", results=(), seconds=1.0)
    given = {"outputs": (), "as_json": True, "verbose": 0, "fail_on": "error"}

    def _boot() -> Verdict:
        raise HostError("qemu-missing", "there is no QEMU")

    with pytest.raises(HostError):
        finish_report(click.Context(click.Command("prepare")), report, given, rehearse=_boot)

    assert json.loads(capsys.readouterr().out)["rehearsal"] is None


def test_a_saved_verdict_becomes_any_report_that_shows_one(tmp_path: Path) -> None:
    saved = tmp_path / "verdict.json"
    saved.write_text(rehearsal.render(samples.verdict()))
    page, again = tmp_path / "x.html", tmp_path / "again.json"
    done = bootworthy("report", saved, "--output", f"html:{page}", "--output", f"json:{again}")

    assert done.status == 1
    assert done.out == as_text(rehearsal.lines(samples.verdict()))
    assert "CI-04 datasource-not-azure" in page.read_text()
    assert again.read_text() == saved.read_text()


def test_a_format_without_a_place_for_a_verdict_is_wrong_usage(tmp_path: Path) -> None:
    saved = tmp_path / "verdict.json"
    saved.write_text(rehearsal.render(samples.verdict()))
    for argv in (("report", saved), ("rehearse", tmp_path / "disk.vhd")):
        done = bootworthy(*argv, "--output", f"sarif:{tmp_path / 'x'}")
        assert done.status == 2
        assert "sarif has no place for a rehearsal; these have: html, json, " in done.err


def test_a_verdict_of_another_version_is_refused(tmp_path: Path) -> None:
    saved = tmp_path / "verdict.json"
    saved.write_text(rehearsal.render(samples.verdict()).replace('_version": 1', '_version": 7'))

    assert bootworthy("report", saved).code == "report-version"
