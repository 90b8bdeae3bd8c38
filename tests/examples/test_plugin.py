"""The example plugin, installed as a user would and used through the command line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import bootworthy, environment
from tests.guests import small

SOURCE = Path(__file__).resolve().parents[2] / "examples" / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which the plugin is installed."""
    target = tmp_path_factory.mktemp("site-packages")
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", *words, "--target", str(target), str(SOURCE)]
    subprocess.run(command, check=True, capture_output=True)
    return {"PYTHONPATH": f"{target}:{environment()['PYTHONPATH']}"}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.one_linux(tmp_path_factory.mktemp("disk") / "disk.raw")


def test_its_rules_and_formats_are_listed_with_their_origin(installed: dict[str, str]) -> None:
    done = bootworthy("rules", "--plugins", env=installed)
    assert done.status == 0
    rule, rules, form, formats = done.out.splitlines()
    assert rule.startswith("ACME-01  warning  login-banner-missing")
    assert rule.endswith("# bootworthy-example 1.0")
    assert form.split() == [
        "format",
        "csv",
        "One",
        "line",
        "a",
        "finding.",
        "#",
        "bootworthy-example",
        "1.0",
    ]
    assert (rules, formats) == ("1 rule", "1 report format")


def test_without_it_there_is_nothing_to_list() -> None:
    assert bootworthy("rules", "--plugins").out == "0 rules\n0 report formats\n"


def test_programs_are_told_the_origin_too(installed: dict[str, str]) -> None:
    every = json.loads(bootworthy("rules", "--format", "json", env=installed).out)
    assert [item["code"] for item in every if "plugin" in item] == ["ACME-01"]
    assert every[-1]["plugin"] == "bootworthy-example 1.0"


def test_its_rule_is_asked_and_its_format_written(
    installed: dict[str, str], disk: Path, tmp_path: Path
) -> None:
    target = tmp_path / "findings.csv"
    words = ("--select", "ACME", "--fail-on", "warning", "--output", f"csv:{target}")
    done = bootworthy("check", disk, *words, env=installed)
    assert (done.status, done.code) == (1, "")
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [(row["code"], row["path"]) for row in rows] == [("ACME-01", "/etc/issue.net")]


def test_its_fix_is_planned(installed: dict[str, str], disk: Path) -> None:
    done = bootworthy("plan", disk, env=installed)
    assert "create   /etc/issue.net  (ACME-01)" in done.out
    assert "+This machine is Acme's. Use is logged." in done.out


def test_its_rule_is_explained(installed: dict[str, str]) -> None:
    done = bootworthy("explain", "login-banner-missing", env=installed)
    assert "write Acme's banner [safe]" in done.out


_TAKEN_FORMAT = """\
from bootworthy.report.format import Format
F = Format(name="json", summary="", render=str)
"""
_FOREIGN_AREA = """\
from dataclasses import replace
from bootworthy.rules.swap.swap_file import check
R = replace(check, code="SWAP-99", name="mine")
"""
_TAKEN_NAME = """\
from dataclasses import replace
from bootworthy.rules.swap.swap_file import check
R = replace(check, code="ACME-01")
"""


@pytest.mark.parametrize(
    ("group", "value", "content", "problem"),
    [
        ("rules", "bad", "raise ImportError('no such driver')", "no such driver"),
        ("rules", "bad", "", "bad holds no Rule"),
        ("report_formats", "bad:FORMAT", "FORMAT = 3", "holds no Format"),
        ("report_formats", "bad:F", _TAKEN_FORMAT, "there is a report format json already"),
        ("rules", "bad:R", _FOREIGN_AREA, "SWAP-99 is no code of an area of its own"),
        ("rules", "bad:R", _TAKEN_NAME, "there is a rule ACME-01 swap-file-on-os-disk already"),
    ],
)
def test_a_broken_plugin_is_one_clear_error(
    group: str, value: str, content: str, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.py").write_text(content + "\n")
    about = tmp_path / "bad-2.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 2.0\n")
    (about / "entry_points.txt").write_text(f"[bootworthy.{group}]\nbad = {value}\n")
    paths = f"{tmp_path}:{environment()['PYTHONPATH']}"
    words = ("rules",) if group == "rules" else ("report", "missing.json", "--output", "sarif")
    done = bootworthy(*words, env={"PYTHONPATH": paths})
    assert done.status == 2
    assert problem in done.err
    assert "bad 2.0" in done.err
    assert "Traceback" not in done.err
