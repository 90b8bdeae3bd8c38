"""``bootworthy.toml``, the environment, flags, and what they accept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from bootworthy.cli.main import cli, run
from tests.guests.small import linux_files
from tests.guests.tree import put


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file tree, and a user with no configuration."""
    root = tmp_path / "project" / "root"
    root.mkdir(parents=True)
    for name, content in linux_files().items():
        put(root, name, content)
    below = tmp_path / "project" / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    return tmp_path


def _configure(folder: Path, text: str) -> None:
    (folder / "project" / "bootworthy.toml").write_text(text)


def _check(*argv: str, status: int | None = None) -> tuple[int, dict[str, object]]:
    argv = ("check", "--root", "../../root", "--progress", "none", "--json", *argv)
    result = CliRunner().invoke(cli, argv, catch_exceptions=False)
    if status is not None:
        assert result.exit_code == status
    return result.exit_code, json.loads(result.stdout)


def _failed(data: dict[str, object]) -> set[str]:
    rules = data["rules"]
    assert isinstance(rules, list)
    return {rule["code"] for rule in rules if rule["outcome"] == "fail"}


def _refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert run(lambda: cli.main(list(argv), standalone_mode=False)) == 2
    return capsys.readouterr().err


def test_flags_win_over_the_environment_and_that_over_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _check(status=1)
    _configure(folder, 'fail-on = "never"\n')
    _check(status=0)
    monkeypatch.setenv("BOOTWORTHY_FAIL_ON", "error")
    _check(status=1)
    monkeypatch.setenv("BOOTWORTHY_CHECK_FAIL_ON", "never")
    _check(status=0)
    _check("--fail-on", "error", status=1)


def test_a_section_of_a_verb_wins_over_what_is_for_all(folder: Path) -> None:
    _configure(folder, 'fail-on = "error"\n[check]\nfail-on = "never"\nselect = ["SEC"]\n')
    _, data = _check(status=0)

    assert {code.partition("-")[0] for code in _failed(data)} == {"SEC"}


def test_the_users_own_file_counts_where_no_other_is(folder: Path) -> None:
    (folder / "user" / "bootworthy").mkdir(parents=True)
    (folder / "user" / "bootworthy" / "bootworthy.toml").write_text('fail-on = "never"\n')
    _check(status=0)
    _configure(folder, "")
    _check(status=1)


def test_show_says_where_each_value_comes_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _configure(folder, 'resource-swap = "none"\n[[ignore]]\nrule = "SEC-04"\nreason = "ours"\n')
    monkeypatch.setenv("BOOTWORTHY_ENGINE", "reader")
    result = CliRunner().invoke(cli, ["config", "show", "check"], catch_exceptions=False)

    lines = result.stdout.splitlines()
    path = folder / "project" / "bootworthy.toml"
    assert lines[0] == f"file: {path}"
    assert f'check.resource-swap = "none"  # {path}' in lines
    assert 'check.engine = "reader"  # environment BOOTWORTHY_ENGINE' in lines
    assert 'check.fail-on = "error"  # default' in lines
    assert lines[-1] == f"ignore SEC-04: ours  # {path}"


def test_ignore_entries_accept_findings_and_say_so(folder: Path) -> None:
    _, before = _check()
    _configure(
        folder,
        '[[ignore]]\nrule = "SEC-04"\nreason = "ours"\n'
        '[[ignore]]\nrule = "quiet-boot"\nreason = "old"\nexpires = 2001-01-01\n',
    )
    _, after = _check()

    assert _failed(before) - _failed(after) == {"SEC-04"}
    assert "expired on 2001-01-01" in str(after["notes"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fail-on = ", "bootworthy.toml"),
        ('fail_on = "never"', "unknown key fail_on"),
        ("[check]\ntrust = 1", "unknown key check.trust"),
        ("trust-image = true", "unknown key trust-image"),
        ('[[ignore]]\nrule = "SEC-04"', "ignore[0]: reason is missing"),
        ('[[ignore]]\nrule = "SEC-04"\nreason = " "', "has an empty reason"),
        ('[[ignore]]\nrule = "SEC-04"\nreason = "x"\nexpires = "soon"', "is not a date"),
        ('[[ignore]]\nrule = "SEC-99"\nreason = "x"', "there is no rule 'SEC-99'"),
        ('fail-on = "sometimes"', "sometimes"),
    ],
)
def test_a_wrong_file_is_one_clear_error(
    folder: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _configure(folder, text)

    assert words in _refused(capsys, "check", "--root", "../../root", "--quiet")


def test_the_schema_takes_what_the_program_takes() -> None:
    result = CliRunner().invoke(cli, ["config", "schema"], catch_exceptions=False)
    schema = json.loads(result.stdout)

    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    good = {"fail-on": "never", "check": {"select": ["SEC"]}, "ignore": []}
    assert validator.is_valid(good)
    assert not validator.is_valid({"fail-on": "sometimes"})
    assert not validator.is_valid({"ignore": [{"rule": "SEC-04"}]})
    assert not validator.is_valid({"trust-image": True})


def test_a_baseline_leaves_only_what_is_new(folder: Path) -> None:
    _, first = _check("--write-baseline", "known.json")
    _check("--baseline", "known.json", status=0)
    (folder / "project" / "root" / "etc" / "machine-id").write_text(
        "5a1f7c9be3d84c0f9e6b2d4a7c8e1f03\n"
    )
    _, later = _check("--baseline", "known.json")

    assert _failed(first)
    assert _failed(later) == {"CLEAN-08"}


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 2, "findings": {}}', "\x00"])
def test_what_is_no_baseline_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("known.json").write_text(text)
    error = _refused(capsys, "check", "--root", "../../root", "-q", "--baseline", "known.json")

    assert "error[baseline-malformed]: known.json is no baseline" in error


def test_a_rule_that_is_not_there_cannot_be_selected(capsys: pytest.CaptureFixture[str]) -> None:
    error = _refused(capsys, "check", "--root", "../../root", "-q", "--select", "quite-boot")

    assert "did you mean quiet-boot" in error


def test_a_word_that_an_option_does_not_take_is_refused_with_its_key(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ('fail-on = "bogus"\n', '[check]\nfail-on = "bogus"\n'):
        _configure(folder, text)
        told = _refused(capsys, "check", "--root", "../../root")
        assert "configuration-malformed" in told
        assert "fail-on: 'bogus' is not one of" in told


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ('fail-on = "never"\n', 0, "nothing wrong"),
        ('[[ignore]]\nrule = "PART-11"\nreason = "x"\nexpires = 2999-01-01\n', 0, "nothing wrong"),
        (
            '[[ignore]]\nrule = "PART-11"\nreason = "x"\nexpires = 2001-01-01\n',
            1,
            "the ignore entry for PART-11 expired on 2001-01-01",
        ),
    ],
)
def test_config_check_says_what_is_wrong(folder: Path, text: str, status: int, told: str) -> None:
    _configure(folder, text)
    file = str(folder / "project" / "bootworthy.toml")
    for argv in (["config", "check"], ["config", "check", file]):
        result = CliRunner().invoke(cli, argv, catch_exceptions=False)
        assert result.exit_code == status
        assert f"{file}: {told}" in result.stdout


def test_config_check_refuses_rules_that_are_not_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _configure(folder, '[[ignore]]\nrule = "no-such"\nreason = "x"\n')
    told = _refused(capsys, "config", "check")

    assert "rule-unknown" in told
    assert f"{folder / 'project' / 'bootworthy.toml'}: " in told


def test_partial_is_for_trees(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--root" in _refused(capsys, "check", "--partial", "disk.raw")
