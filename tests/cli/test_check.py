from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bootworthy.report import json as json_report
from tests.cli.command import bootworthy
from tests.guests import small


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.one_linux(tmp_path_factory.mktemp("check") / "web01.raw")


def test_findings_have_place_found_expected_and_fix(image: Path) -> None:
    done = bootworthy("check", image)

    assert done.status == 1
    blocks = [block for block in done.out.split("\n\n") if block.startswith("error[container-not")]
    assert len(blocks) == 1
    for word in (f"  --> {image}", "= found     raw", "= expected", "= why", "= fix"):
        assert word in blocks[0]


def test_the_summary_counts_and_tells_the_time(image: Path) -> None:
    done = bootworthy("check", image)

    summary = next(line for line in done.out.splitlines() if " rules in " in line)
    assert " errors, " in summary
    assert " s: " in summary
    assert f"bootworthy prepare {image}" in done.out


@pytest.mark.parametrize(
    ("threshold", "status"), [("error", 1), ("warning", 1), ("note", 1), ("never", 0)]
)
def test_fail_on(image: Path, threshold: str, status: int) -> None:
    assert bootworthy("check", image, "--fail-on", threshold).status == status


def test_json_is_what_the_published_schema_says(image: Path) -> None:
    done = bootworthy("check", image, "--json")

    data = json.loads(done.out)
    Draft202012Validator(json_report.schema()).validate(data)
    assert data["schema_version"] == 1
    assert data["engine"] == "reader"
    assert data["summary"]["errors"] > 0


def test_nothing_is_written(image: Path) -> None:
    before = (image.read_bytes(), image.stat().st_mtime_ns, sorted(image.parent.iterdir()))

    bootworthy("check", image)

    assert (image.read_bytes(), image.stat().st_mtime_ns, sorted(image.parent.iterdir())) == before


def test_a_root_tree(tmp_path: Path) -> None:
    for name, content in small.linux_files().items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    done = bootworthy("check", "--root", tmp_path, "--json", "--fail-on", "never")

    data = json.loads(done.out)
    assert (done.status, data["engine"], data["image"]) == (0, "directory", None)
    assert data["guest"]["distribution"] == "debian"
    names = {rule["rule"]: rule["outcome"] for rule in data["rules"]}
    assert names["container-not-vhd"] == "not applicable"


def test_the_running_machine() -> None:
    done = bootworthy("check", "/", "--json", "--fail-on", "never")

    assert done.status == 0, done.err
    assert json.loads(done.out)["subject"] == "/"


def test_a_directory_that_is_no_linux(tmp_path: Path) -> None:
    done = bootworthy("check", "--root", tmp_path)

    assert (done.status, done.code) == (3, "guest-not-found")


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    done = bootworthy("check", "--root", tmp_path / "nowhere")

    assert done.status in (2, 3)
    assert done.hint


def test_colour_is_for_terminals_and_those_who_ask(image: Path) -> None:
    assert "\x1b[" not in bootworthy("check", image).out
    assert "\x1b[" in bootworthy("check", image, env={"FORCE_COLOR": "1"}).out
    both = {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert "\x1b[" not in bootworthy("check", image, env=both).out
