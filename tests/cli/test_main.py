"""Manners of the command line: help, exit statuses, streams."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bootworthy.cli.main import run
from bootworthy.model.errors import HostError, ImageError, UsageError
from tests.cli.command import COMMAND, bootworthy, environment


def test_help_names_the_verbs_and_the_exit_statuses() -> None:
    done = bootworthy("--help")

    assert (done.status, done.err) == (0, "")
    for word in ("check", "plan", "prepare", "Exit status:", "130", "interrupted"):
        assert word in done.out


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from bootworthy.cli.main import run, cli\n"
        "run(lambda: cli.main(['--help'], standalone_mode=False))\n"
        "heavy = {'numpy', 'rich', 'yaml', 'dissect', 'zstandard', 'bootworthy.work.prepare'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version() -> None:
    done = bootworthy("--version")

    assert (done.status, done.out.split()[0]) == (0, "bootworthy,")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "frobnicate"),
        (["check"], "give either an IMAGE or --root DIR"),
        (["check", "image", "--root", "/srv"], "give either an IMAGE or --root DIR"),
        (["check", "--engine", "warp", "image"], "warp"),
        (["prepare", "image"], "-o OUT.vhd"),
        (["prepare", "--root", "/srv", "-o", "out.vhd"], "changed in place"),
        (["prepare", "/"], "--yes"),
        (["prepare", "image", "-o", "out.vhd", "--packages", "/nowhere"], "/nowhere"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], words: str) -> None:
    done = bootworthy(*arguments)

    assert done.status == 2
    assert words in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("x", "x", hint="x"), 2),
        (ImageError("x", "x", hint="x"), 3),
        (HostError("x", "x", hint="x"), 4),
        (PermissionError(13, "Permission denied", "/x"), 4),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("oops"), 70),
    ],
)
def test_each_error_has_its_status(
    error: BaseException, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    assert run(fail) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err
    assert "Traceback" not in said.err


def test_a_bug_says_how_to_report_it(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oops")

    run(fail)

    assert "error[bug]: ZeroDivisionError: oops" in capsys.readouterr().err


def test_a_traceback_is_for_those_who_ask() -> None:
    done = bootworthy("check", "/nowhere", "-vv")

    assert done.status == 3
    assert "Traceback" in done.err


def test_a_reader_that_goes_away_is_no_bug() -> None:
    with subprocess.Popen(
        [*COMMAND, "check", "--root", "/", "--fail-on", "never"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
        process.wait(120)

    assert "Traceback" not in said
    assert "bug" not in said
