"""The recipes for pipelines: valid by the schemas of their services, and run where possible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.guests.small import linux_files
from tests.guests.tree import put

CHECKOUT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ACTION = CHECKOUT / "action.yml"
GITLAB = CHECKOUT / "integrations" / "gitlab" / "bootworthy.yml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "my root"
    root.mkdir()
    for name, content in linux_files().items():
        put(root, name, content)
    return root


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", ACTION), ("vendor.gitlab-ci", GITLAB)],
)
def test_a_recipe_is_valid_by_the_schema_of_its_service(schema: str, file: Path) -> None:
    argv = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_of_the_action_runs(tree: Path, tmp_path: Path) -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    (check,) = [step for step in steps if step.get("id") == "check"]
    (tmp_path / "bootworthy").symlink_to(BIN.parent)
    env = os.environ | {
        "IMAGE": str(tree),
        "ROOT_TREE": "true",
        "FAIL_ON": "error",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", check["run"]]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stderr
    assert "\n::error " in done.stdout
    outputs = dict(line.split("=") for line in (tmp_path / "output").read_text().splitlines())
    assert json.loads(Path(outputs["json"]).read_text())["command"] == "check"
    assert Path(outputs["html"]).read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "summary.md").read_text().startswith("## ")
    assert (tmp_path / "bootworthy-report" / "report.sarif").is_file()


def test_the_script_of_the_gitlab_job_runs(tree: Path, tmp_path: Path) -> None:
    job = yaml.safe_load(GITLAB.read_text())[".bootworthy"]
    (script,) = job["script"]
    env = os.environ | {"BOOTWORTHY_IMAGE": f"--root={tree}", "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1, done.stderr
    for name in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (tmp_path / name).stat().st_size
