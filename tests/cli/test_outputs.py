"""``--output`` and ``bootworthy report``, on a small file tree."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bootworthy.cli.main import cli, run
from bootworthy.report.json import render
from tests.guests.small import linux_files
from tests.guests.tree import put
from tests.report.samples import report
from tests.report.test_formats import nasty_report


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    for name, content in linux_files().items():
        put(root, name, content)
    return root


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "saved.json"
    path.write_text(render(report(command="prepare")))
    return path


def _run(*argv: str | Path, env: dict[str, str] | None = None) -> Result:
    runner = CliRunner(env={"GITHUB_ACTIONS": "", "NO_COLOR": "1"} | (env or {}))
    return runner.invoke(cli, [os.fspath(word) for word in argv], catch_exceptions=True)


def test_one_run_writes_several_reports(tree: Path, tmp_path: Path) -> None:
    result = _run(
        *("check", "--root", tree, "--output", "concise", "--progress", "none"),
        *("--output", f"json:{tmp_path / 'a.json'}", "--output", f"sarif:{tmp_path / 'a.sarif'}"),
    )

    assert result.exit_code == 1
    assert "error[no-provisioning-agent] AGT-01: " in result.stdout
    checked = json.loads((tmp_path / "a.json").read_text())
    found = json.loads((tmp_path / "a.sarif").read_text())["runs"][0]["results"]
    assert len(found) == sum(len(rule["findings"]) for rule in checked["rules"])
    assert checked["rules"][0]["about"]["summary"]
    assert not list(tmp_path.glob(".*"))


def test_text_is_printed_when_every_output_is_a_file(saved: Path, tmp_path: Path) -> None:
    result = _run("report", saved, "--output", f"junit:{tmp_path / 'a.xml'}")

    assert "   = found     no hv_storvsc" in result.stdout


def test_a_saved_report_saved_again_is_the_same(saved: Path) -> None:
    result = _run("report", saved, "--json", "--fail-on", "never")

    assert result.stdout == saved.read_text()


def test_in_github_actions_annotations_follow_what_people_read(saved: Path) -> None:
    lines = _run("report", saved, env={"GITHUB_ACTIONS": "true"}).stdout.splitlines()

    assert lines[0].startswith("::stop-commands::")
    token = lines[0].removeprefix("::stop-commands::")
    after = lines[lines.index(f"::{token}::") + 1 :]
    assert [line.split()[0] for line in after] == ["::error", "::warning", "::notice", "::error"]


def test_in_github_actions_json_stays_json(saved: Path) -> None:
    result = _run("report", saved, "--json", env={"GITHUB_ACTIONS": "true"})

    assert json.loads(result.stdout)["schema_version"] == 1


def test_names_that_are_no_text_are_written_all_the_same(tmp_path: Path) -> None:
    source = tmp_path / "nasty.json"
    source.write_bytes(render(nasty_report()).encode("utf-8", "backslashreplace"))
    result = _run("report", source, "--json", "--fail-on", "never")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads(source.read_bytes())


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("pdf", "there is no report format 'pdf'"),
        ("text:{saved}", "would replace"),
        ("json:{folder}", "is a folder"),
        ("json:{folder}/no/such/a.json", "there is no folder"),
    ],
)
def test_a_bad_output_is_refused_before_anything_is_done(
    saved: Path, tmp_path: Path, output: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = saved.read_bytes()
    word = output.format(saved=saved, folder=tmp_path)
    argv = ["report", str(saved), "--output", word]

    assert run(lambda: cli.main(argv, standalone_mode=False)) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert saved.read_bytes() == before


def test_two_reports_in_one_place_are_refused(saved: Path) -> None:
    result = _run("report", saved, "--output", "text", "--output", "json")

    assert result.exit_code == 2


def test_a_full_disk_loses_no_other_report(saved: Path, tmp_path: Path) -> None:
    result = _run(
        *("report", saved, "--output", "text", "--output", "json:/dev/full"),
        *("--output", f"markdown:{tmp_path / 'a.md'}"),
    )

    assert isinstance(result.exception, OSError)
    assert result.exception.filename == "/dev/full"
    assert "   = found" in result.stdout
    assert (tmp_path / "a.md").read_text().startswith("## ")


def test_what_is_no_report_is_told_with_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")

    assert run(lambda: cli.main(["report", str(path)], standalone_mode=False)) == 2
    assert f"error[report-version]: {path}: this is no report" in capsys.readouterr().err
